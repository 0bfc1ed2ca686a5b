import { connect, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A stream over a bare socket, of which a test says when it takes something. Of each event it keeps next to nothing. */
export interface RawClient {
  readonly socket: Socket
  /** `n` of each record's payload. */
  readonly numbers: readonly number[]
  readonly cursors: readonly string[]
  /** JSON of the goodbyes: one at most. */
  readonly byes: readonly string[]
  /** The connection ended, or was dropped. */
  readonly isOver: boolean
}

export interface RawOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Bytes of one read at most. @default 65536 */
  readonly readBytes?: number | undefined
}

/** Resolves when the first bytes are there. */
export async function rawStream(url: string, { headers = {}, readBytes = 65_536 }: RawOptions = {}): Promise<RawClient> {
  const { port, host, pathname } = new URL(`${url}/stream`)
  const numbers: number[] = []
  const cursors: string[] = []
  const byes: string[] = []
  const state = { isOver: false, rest: '' }
  const take = (text: string): void => {
    const events = (state.rest + text).split('\n\n')
    state.rest = events.pop()!
    for (const event of events) {
      numbers.push(...matchesOf(/event: record\ndata: .*?"n":(\d+)/, event).map(Number))
      cursors.push(...matchesOf(/\nid: (.+)\n/, event))
      byes.push(...matchesOf(/event: bye\ndata: (.+)/, event))
    }
  }
  const buffer = Buffer.alloc(readBytes)
  const socket = await new Promise<Socket>((resolve, reject) => {
    const callback = (length: number): boolean => {
      resolve(opened)
      take(buffer.toString('latin1', 0, length))
      return true
    }
    const opened = connect({ port: Number(port), host: '127.0.0.1', onread: { buffer, callback } })
    opened.once('error', reject)
    opened.once('close', () => {
      state.isOver = true
    })
    const lines = Object.entries({ host, connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
    opened.write(`GET ${pathname} HTTP/1.1\r\n${lines.join('')}\r\n`)
  })
  onTestFinished(() => void socket.destroy())
  return {
    socket,
    numbers,
    cursors,
    byes,
    get isOver() {
      return state.isOver
    },
  }
}

const matchesOf = (pattern: RegExp, event: string): string[] => pattern.exec(event)?.slice(1) ?? []
