import { connect } from 'node:net'
import { task } from '../../peers/meter.mjs'
import { answer, now } from './answer.mjs'

/** As the last record says it. */
const END = '"payload":"END"'
/** So many connections are made at a time: more would not fit into the queue of those that wait to be accepted. */
const WAVE = 200
const EVENT_END = '\n\n'

/** They count bytes, and do nothing else; with `task.sampled` they note when each record came. */
const clients = []
/** All sockets of this process read into the same memory. */
const buffer = Buffer.allocUnsafe(256 * 1024)

class Client {
  bytes = 0
  /** When each record came whole, ms. */
  arrivals = []
  /** Of an event that is not whole. */
  #event = ''
  /** From this many bytes on the last record may come. */
  #least = Number.POSITIVE_INFINITY
  #tail = ''
  #finish

  /** Resolves when the first bytes came. */
  open(port) {
    return new Promise((resolve, reject) => {
      const take = chunk => {
        if (this.bytes === 0) resolve()
        this.bytes += chunk.length
        if (task.sampled) this.#note(chunk)
        if (this.bytes >= this.#least) this.#lookForEnd(chunk)
      }
      const onread = { buffer, callback: length => take(buffer.subarray(0, length)) || true }
      const socket = connect({ port, host: '127.0.0.1', onread }, () => {
        socket.write(`GET /stream HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
      })
      const fail = error => {
        reject(error)
        this.#finish?.reject(error)
      }
      socket.on('error', fail)
      socket.on('close', () => fail(new Error(`a client was cut off after ${this.bytes} bytes`)))
    })
  }

  /** Resolves when it has so many bytes, and then the last record. */
  until(least) {
    this.#least = this.bytes + least
    return new Promise((resolve, reject) => {
      this.#finish = { resolve, reject }
    })
  }

  #lookForEnd(chunk) {
    const text = this.#tail + chunk.latin1Slice()
    this.#tail = text.slice(-END.length)
    if (!text.includes(END)) return
    this.#tail = ''
    this.#least = Number.POSITIVE_INFINITY
    this.#finish.resolve()
  }

  #note(chunk) {
    const events = (this.#event + chunk.latin1Slice()).split(EVENT_END)
    this.#event = events.pop()
    for (const event of events) if (event.includes('event: record\n')) this.arrivals.push(now())
  }
}

const total = () => clients.reduce((sum, { bytes }) => sum + bytes, 0)

answer({
  async connect({ port, count }) {
    for (let open = 0; open < count; open += WAVE) {
      const wave = Array.from({ length: Math.min(WAVE, count - open) }, () => new Client())
      clients.push(...wave)
      await Promise.all(wave.map(client => client.open(port)))
    }
  },
  /** Resolves when each has got so many bytes, and then the last record. */
  async until({ bytes }) {
    const before = total()
    await Promise.all(clients.map(client => client.until(bytes)))
    return { at: now(), bytes: total() - before }
  },
  arrivals: () => clients.map(({ arrivals }) => arrivals),
})
