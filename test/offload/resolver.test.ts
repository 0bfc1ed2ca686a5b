import type { ServerResponse } from 'node:http'
import { describe, expect, it, test, vi } from 'vitest'
import type { Credential } from '../../src/transports/transport.ts'
import { closedPort } from '../bed/ports.ts'
import { bytes, endpointAt, OffloadRig } from './rig.ts'

const PASSWORD = 'p=a,s sé'
const scram = (mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-512', password = PASSWORD): Credential => ({
  mechanism,
  username: 'alice=a,b',
  password,
})
const users = { 'alice=a,b': PASSWORD }
const message = bytes('{"a": 1}')
const answers =
  (status: number, headers: Record<string, string> = {}) =>
  (_request: unknown, response: ServerResponse): void =>
    void response.writeHead(status, headers).end('why not')

describe('what is fetched', () => {
  it('has payload, headers, key and timestamp of the message', async () => {
    const rig = await OffloadRig.start()
    const headers = [['note', 'é'] as const, ['_format', bytes('json')] as const]
    const url = rig.server.put({ message, headers, timestamp: 1_795_479_769_570, key: bytes('S1'), topic: 't+oversized' })
    expect(await rig.fetch(url)).toEqual({
      payload: message,
      headers: [
        { name: 'note', value: bytes('é') },
        { name: '_format', value: bytes('json') },
      ],
      timestamp: 1_795_479_769_570,
      key: bytes('S1'),
    })
    expect(rig.settled).toEqual([undefined])
  })
})

describe('who asks', () => {
  it.each(['SCRAM-SHA-512', 'SCRAM-SHA-256'] as const)('proves it by %s over HTTP, in two requests', async mechanism => {
    const rig = await OffloadRig.start({ users, credential: scram(mechanism) })
    const url = rig.server.put({ message })
    expect(await rig.fetch(url)).toMatchObject({ payload: message })
    expect(rig.server.authorizations).toEqual([
      expect.stringMatching(new RegExp(`^${mechanism} data=`)),
      expect.stringMatching(new RegExp(`^${mechanism} sid=\\w+,data=`)),
    ])
  })

  it('shows a bearer token', async () => {
    const credential: Credential = { mechanism: 'OAUTHBEARER', username: 'alice', token: 'ey.J0.a_b-c~d+e/f==' }
    const rig = await OffloadRig.start({ takesToken: token => token === credential.token, credential })
    expect(await rig.fetch(rig.server.put({ message }))).toMatchObject({ payload: message })
    expect(rig.server.authorizations).toEqual([`Bearer ${credential.token}`])
  })

  it('says of a bearer token that it was refused', async () => {
    const refused = vi.fn()
    const credential: Credential = { mechanism: 'OAUTHBEARER', username: 'alice', token: 'stale', refused }
    const rig = await OffloadRig.start({ takesToken: token => token === 'fresh', credential })
    expect(await rig.refusal(rig.server.put({ message }))).toMatchObject({ code: 'ALERT_CREDENTIALS' })
    expect(refused).toHaveBeenCalledTimes(1)
  })

  it('sends nothing without credentials', async () => {
    const rig = await OffloadRig.start()
    expect(await rig.fetch(rig.server.put({ message }))).toMatchObject({ payload: message })
    expect(rig.server.authorizations).toEqual([])
  })

  it('is not asked for a proof by a server that gives to everybody', async () => {
    const rig = await OffloadRig.start({ credential: scram('SCRAM-SHA-512') })
    expect(await rig.fetch(rig.server.put({ message }))).toMatchObject({ payload: message })
    expect(rig.server.seen).toHaveLength(1)
  })

  it('has to be known to the server', async () => {
    const rig = await OffloadRig.start({ users: { bob: 'x' }, credential: scram('SCRAM-SHA-512') })
    const error = await rig.refusal(rig.server.put({ message }))
    expect(error).toMatchObject({ code: 'ALERT_CREDENTIALS', message: expect.stringContaining('refused SCRAM-SHA-512 as "alice=a,b"') })
  })

  it('never sends a password of PLAIN', async () => {
    const rig = await OffloadRig.start({ credential: { mechanism: 'PLAIN', username: 'alice', password: PASSWORD } })
    const error = await rig.refusal(rig.server.put({ message }))
    expect(error).toMatchObject({ code: 'ALERT_CREDENTIALS', message: expect.stringContaining('would send the password') })
    expect(error.mend).toContain('SCRAM-SHA-512')
    expect(rig.server.seen).toEqual([])
  })

  it('is asked anew at each try: a password may have been changed', async () => {
    const rig = await OffloadRig.start({ users, credential: scram('SCRAM-SHA-512', 'old') })
    const url = rig.server.put({ message })
    expect(await rig.refusal(url)).toMatchObject({ code: 'ALERT_CREDENTIALS', message: expect.stringContaining('401') })
    rig.credential = scram('SCRAM-SHA-512')
    expect(await rig.fetch(url)).toMatchObject({ payload: message })
  })
})

describe('what may be over in a moment', () => {
  it.each([429, 502, 503, 504])('status %i: is tried again', async status => {
    const rig = await OffloadRig.start({ users, credential: scram('SCRAM-SHA-512') })
    rig.server.instead.push(answers(status), answers(status))
    const fetched = rig.fetch(rig.server.put({ message }))
    await rig.afterTry(1)
    await rig.afterTry(2)
    expect(await fetched).toMatchObject({ payload: message })
    expect(rig.settled).toEqual([undefined])
    expect(rig.logged.filter(({ level }) => level === 'info')[0]).toEqual({
      level: 'info',
      fields: { place: 'gracedb.superevent[0]@0', code: 'ALERT_EXTERNAL', tries: 1 },
      message: expect.stringMatching(new RegExp(`^gracedb.superevent\\[0\\]@0: http://\\S+: HTTP status ${status}. Tried again$`)),
    })
  })

  it.each<[string, (request: unknown, response: ServerResponse) => void]>([
    ['a connection that is cut', (_, response) => response.destroy()],
    ['a body that is cut', (_, response) => void response.writeHead(200, { 'Content-Length': 100 }).write('x', () => response.destroy())],
  ])('%s: is tried again', async (_what, cut) => {
    const rig = await OffloadRig.start()
    rig.server.instead.push(cut)
    const fetched = rig.fetch(rig.server.put({ message }))
    await rig.afterTry(1)
    expect(await fetched).toMatchObject({ payload: message })
  })

  it('is waited for as long as the server asks', async () => {
    const rig = await OffloadRig.start()
    rig.server.instead.push(answers(503, { 'Retry-After': '5' }))
    const fetched = rig.fetch(rig.server.put({ message }))
    await rig.afterTry(1)
    await rig.clock.advance(4_000)
    expect(rig.server.seen).toHaveLength(1)
    await rig.clock.advance(1_000)
    expect(await fetched).toMatchObject({ payload: message })
  })

  it('is given up once the time is up, with what it was', async () => {
    const rig = await OffloadRig.start()
    rig.server.instead.push(...Array.from({ length: 20 }, () => answers(503)))
    const refusal = rig.refusal(rig.server.put({ message }))
    await rig.afterTry(1)
    await rig.afterTry(2)
    await vi.waitFor(() => expect(rig.server.seen).toHaveLength(3))
    await rig.clock.advance(30_000)
    const error = await refusal
    expect(error).toMatchObject({ code: 'ALERT_TIMEOUT', message: expect.stringContaining('30000 ms, last http://') })
    expect(error.message).toContain('HTTP status 503')
    expect(error.mend).toContain('externalTimeout')
    expect(rig.settled).toEqual([error])
    expect(rig.clock.pending).toBe(0)
  })

  it('is a server that is away', async () => {
    const port = await closedPort()
    const rig = await OffloadRig.start({ metadata: [endpointAt(`http://127.0.0.1:${port}`)] })
    const refusal = rig.refusal(`http://127.0.0.1:${port}/msg/1`)
    await rig.afterTry(1)
    await rig.clock.advance(30_000)
    expect(await refusal).toMatchObject({ code: 'ALERT_TIMEOUT', message: expect.stringContaining('ECONNREFUSED') })
  })
})

describe('what no other try makes better', () => {
  test.each([
    [400, 'ALERT_EXTERNAL'],
    [401, 'ALERT_CREDENTIALS'],
    [403, 'ALERT_FORBIDDEN'],
    [404, 'ALERT_EXTERNAL'],
    [410, 'ALERT_EXTERNAL'],
    [500, 'ALERT_EXTERNAL'],
  ])('status %i is %s, at once', async (status, code) => {
    const rig = await OffloadRig.start()
    rig.server.instead.push(answers(status))
    const error = await rig.refusal(rig.server.put({ message }))
    expect(error).toMatchObject({ code, message: expect.stringContaining(`HTTP status ${status}`) })
    expect(error.message).not.toContain('why not')
    expect(rig.server.seen).toHaveLength(1)
    expect(rig.settled).toEqual([error])
  })
})

describe('a fetch', () => {
  it('is one of four at a time', async () => {
    const rig = await OffloadRig.start()
    const open: ServerResponse[] = []
    rig.server.instead.push(...Array.from({ length: 6 }, () => (_: unknown, response: ServerResponse) => void open.push(response)))
    const refusals = Array.from({ length: 6 }, () => rig.refusal(rig.server.put({ message })))
    await vi.waitFor(() => expect(open).toHaveLength(4))
    open[0]!.writeHead(404).end()
    await vi.waitFor(() => expect(open).toHaveLength(5))
    open[1]!.writeHead(404).end()
    await vi.waitFor(() => expect(open).toHaveLength(6))
    for (const response of open.slice(2)) response.writeHead(404).end()
    expect((await Promise.all(refusals)).map(({ code }) => code)).toEqual(refusals.map(() => 'ALERT_EXTERNAL'))
  })

  it.each([
    ['before it begins', 0],
    ['while the server is asked', 1],
  ])('is called off %s', async (_when, requests) => {
    const rig = await OffloadRig.start()
    const abort = new AbortController()
    rig.server.instead.push(() => {})
    if (requests === 0) abort.abort()
    const refusal = rig.fetch(rig.server.put({ message }), abort.signal).catch((error: unknown) => error)
    await vi.waitFor(() => expect(rig.server.seen).toHaveLength(requests))
    abort.abort()
    expect(await refusal).toMatchObject({ code: 'ALERT_CLOSED' })
    expect([rig.settled, rig.clock.pending]).toEqual([[], 0])
  })

  it('is called off between two tries', async () => {
    const rig = await OffloadRig.start()
    const abort = new AbortController()
    rig.server.instead.push(answers(503))
    const refusal = rig.fetch(rig.server.put({ message }), abort.signal).catch((error: unknown) => error)
    await vi.waitFor(() => expect(rig.logged.some(({ level }) => level === 'info')).toBe(true))
    abort.abort()
    expect(await refusal).toMatchObject({ code: 'ALERT_CLOSED' })
    expect(rig.server.seen).toHaveLength(1)
  })
})
