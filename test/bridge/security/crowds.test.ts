import { connect, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Doors, networkOf } from '../../../src/bridge/server/Doors.ts'
import { events } from '../serve.ts'
import { raw, type Server, server, statusIn } from './rig.ts'

const REQUEST = 'GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n'
/** Between two records for the good client, ms. */
const EVERY = 20
/** A good client may wait so long for a record while a crowd is at the door, on a machine that has the crowd to run as well, ms. */
const LONGEST_GAP = 1_000

/** A client that is sent a record every 20 ms; how long it waited for one, at most. */
async function goodClient({ url, append }: Server) {
  const stream = await events(`${url}/stream`, { authorization: 'Bearer good' })
  await expect.poll(() => stream.of('hello')).toHaveLength(1)
  let sent = 0
  let seen = 0
  let last = performance.now()
  let longest = 0
  const look = setInterval(() => {
    const now = performance.now()
    if (stream.of('record').length > seen) last = now
    seen = stream.of('record').length
    longest = Math.max(longest, now - last)
  }, 5)
  const publish = setInterval(() => append('superevent', sent++), EVERY)
  const stop = (): void => {
    clearInterval(look)
    clearInterval(publish)
  }
  onTestFinished(stop)
  return {
    async longestGap(): Promise<number> {
      stop()
      await expect.poll(() => stream.payloads()).toEqual(Array.from({ length: sent }, (_, n) => n))
      return longest
    },
  }
}

/** `perSecond` connections a second, for so many seconds. */
async function crowd(port: number, perSecond: number, seconds: number, onConnect: (socket: Socket) => void): Promise<Socket[]> {
  const sockets: Socket[] = []
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
  })
  const start = performance.now()
  while (performance.now() - start < seconds * 1_000) {
    const due = Math.min(perSecond * seconds, ((performance.now() - start) / 1_000) * perSecond)
    while (sockets.length < due) {
      const socket = connect(port, '127.0.0.1', () => onConnect(socket))
      sockets.push(socket.on('error', () => {}))
    }
    await pause(5)
  }
  return sockets
}

describe('1000 connections a second', () => {
  it.each<[string, Parameters<typeof server>[0], (socket: Socket) => void, string]>([
    ['beyond maxClients', { maxClients: 20 }, socket => socket.write(REQUEST), 'full'],
    ['beyond maxClientsPerAddress', { maxClientsPerAddress: 20 }, socket => socket.write(REQUEST), 'too_many'],
    ['of an evil page', {}, socket => socket.write(REQUEST.replace('\r\n\r\n', '\r\nOrigin: https://evil.example\r\n\r\n')), 'origin'],
    ['without a token', { authorize: ({ token }) => token === 'good' }, socket => socket.write(REQUEST), 'token'],
    ['of no HTTP', {}, socket => socket.write('\0\0\0\0'), 'malformed'],
    ['that say nothing', {}, () => {}, 'timeout'],
  ])('%s: refused and counted; others are unaffected', { timeout: 60_000 }, async (name, options, onConnect, code) => {
    const served = await server(options, { requestTimeout: 1_000 })
    const good = await goodClient(served)
    const sockets = await crowd(served.port, 1_000, 3, onConnect)
    expect(sockets.length).toBeGreaterThanOrEqual(2_500)
    await expect.poll(async () => (await served.refusals())[code] ?? 0, { timeout: 20_000 }).toBeGreaterThanOrEqual(sockets.length - 20)
    const gap = await good.longestGap()
    console.info(`${name}: ${sockets.length} connections in 3 s, the longest wait of the good client for a record ${gap.toFixed(0)} ms`)
    expect(gap).toBeLessThan(LONGEST_GAP)
  })
})

describe('connections beyond maxConnections', () => {
  it('are cut and counted; those that are there stay', async () => {
    const { port, refusals, append } = await server({}, { maxConnections: 5 })
    const inside = Array.from({ length: 5 }, () => raw(port, REQUEST))
    for (const { text } of inside) await expect.poll(text).toContain('event: hello')
    const outside = Array.from({ length: 20 }, () => raw(port, REQUEST))
    expect(new Set(await Promise.all(outside.map(({ closed }) => closed)))).toEqual(new Set(['']))
    expect(await refusals()).toEqual({ connections: 20 })
    append('superevent', 'inside')
    for (const { text } of inside) await expect.poll(text).toContain('"payload":"inside"')
  })
})

describe('who is refused for the crowd', () => {
  it('is told when to come again, and gets in when there is a place', async () => {
    const { port, url } = await server({ maxClients: 1 })
    const first = raw(port, REQUEST)
    await expect.poll(first.text).toContain('event: hello')
    const response = await fetch(`${url}/stream`)
    expect([response.status, await response.json()]).toMatchObject([503, { error: { code: 'full' } }])
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThanOrEqual(5)
    first.socket.destroy()
    await expect
      .poll(async () => {
        const { text, socket } = raw(port, REQUEST)
        await expect.poll(text).toMatch(/^HTTP/)
        socket.destroy()
        return statusIn(text())
      })
      .toBe(200)
  })

  it('is all of a /64 of IPv6, and each address of IPv4', () => {
    const doors = new Doors({ maxClients: 100, maxClientsPerAddress: 2 })
    const enter = (address: string | undefined): boolean => {
      try {
        doors.enter(address)
        return true
      } catch {
        return false
      }
    }
    expect(['2001:db8::1', '2001:db8:0:0:ffff::2', '2001:db8::3', '2001:db8:0:1::3'].map(enter)).toEqual([true, true, false, true])
    expect(['10.0.0.1', '10.0.0.1', '10.0.0.1', '10.0.0.2', '::ffff:10.0.0.1'].map(enter)).toEqual([true, true, false, true, true])
    // Not known: nothing is said of an address.
    expect(Array.from({ length: 5 }, () => enter(undefined))).toEqual([true, true, true, true, true])
  })

  it.each([
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4'],
    ['1::7:8', '1:0:0:0'],
    ['1::3:4:5:6:7:8', '1:0:3:4'],
    ['a::b::c', 'a:0:0:0'],
    ['192.0.2.1', '192.0.2.1'],
    ['', ''],
  ])('%s is of %s', (address, network) => expect(networkOf(address)).toBe(network))

  it('leaves once, however often it is said', () => {
    const doors = new Doors({ maxClients: 1, maxClientsPerAddress: 1 })
    const leave = doors.enter('a')
    leave()
    leave()
    expect(doors.inside).toBe(0)
    doors.enter('a')
    expect(() => doors.enter('a')).toThrow('all 1 places')
  })
})
