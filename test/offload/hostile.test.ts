import type { IncomingMessage, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { serialize } from 'bson'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type AlertError, decode, IgwnAlertClient, type Status } from '../../src/index.ts'
import { OffloadServer } from '../bed/offloadServer.ts'
import type { ScramLies } from '../bed/offloadServerScram.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { bytes, nested, OffloadRig } from './rig.ts'

const GOOD = '{"alert": "good"}'
const header = (name: string, value: string) => ({ name, value })
const SECRET_QUERY = 'canary-in-the-query'

interface Scene {
  readonly rig: OffloadRig
  /** A server that the broker does not name. */
  readonly foreign: OffloadServer
  /** The rest of a URL of a message that the named server has. */
  readonly path: string
}

/** The value of a record of format `external`. */
type Attack = (scene: Scene) => unknown

interface Outcome extends Scene {
  readonly payloads: readonly unknown[]
  readonly error: AlertError
  readonly statuses: readonly Status[]
}

/** A hostile record and a good one behind it, read as a user reads them. */
async function attacked(attack: Attack): Promise<Outcome> {
  const rig = await OffloadRig.start({
    users: { alice: CANARY },
    credential: { mechanism: 'SCRAM-SHA-512', username: 'alice', password: CANARY },
    limits: { externalBytes: 100_000 },
  })
  const foreign = await OffloadServer.start()
  onTestFinished(() => foreign[Symbol.asyncDispose]())
  const good = rig.server.put({ message: bytes(GOOD), headers: [['_format', bytes('json')]] })
  const scene = { rig, foreign, path: new URL(good).pathname }
  rig.log.createTopic('gracedb.t')
  const external = (value: unknown): number =>
    rig.log.append('gracedb.t', { value: JSON.stringify(value), headers: [header('_format', 'external')] })
  external(attack(scene))
  external({ url: good })
  const client = new IgwnAlertClient({ transport: rig.transport, from: 'earliest', untilEnd: true, logger: rig.logger })
  onTestFinished(() => client.close())
  const statuses: Status[] = []
  client.status$.subscribe(status => statuses.push(status))
  const payloads: unknown[] = []
  for await (const { payload } of client.topic('t').pipe(decode({ external: rig.resolver }))) payloads.push(payload)
  const [failed, ...more] = statuses.filter(status => status.type === 'failed')
  expect(more).toEqual([])
  return { ...scene, payloads, statuses, error: failed!.error }
}

const at = (url: string): { url: string } => ({ url })
const port = (origin: string): string => new URL(origin).port

describe('a URL of another server is refused, and nobody is asked', () => {
  test.each<[string, Attack, string]>([
    ['another port', ({ foreign, path }) => at(`${foreign.origin}${path}`), 'alone'],
    ['another name of the host', ({ rig, path }) => at(`http://localhost:${port(rig.server.origin)}${path}`), 'alone'],
    ['another scheme', ({ rig, path }) => at(`https://127.0.0.1:${port(rig.server.origin)}${path}`), 'alone'],
    ['another host', ({ path }) => at(`http://169.254.169.254${path}`), 'trusts http://127.0.0.1:'],
    ['user information', ({ rig, path }) => at(rig.server.origin.replace('//', `//u:${SECRET_QUERY}@`) + path), 'user information'],
    [
      'the name of the server as user information',
      ({ rig, foreign, path }) => at(`${rig.server.origin}@${foreign.origin.slice('http://'.length)}${path}`),
      'user information',
    ],
    ['a file', () => at('file:///etc/passwd'), 'a URL of the scheme file'],
    ['data', () => at('data:application/bson;base64,AAAA'), 'a URL of the scheme data'],
    ['a script', () => at('javascript:alert(1)'), 'a URL of the scheme javascript'],
    ['a path', ({ path }) => at(path), 'no URL'],
    ['an empty text', () => at(''), 'said to be at no URL'],
    ['a letter', () => at('e'), 'said to be at no URL'],
  ])('%s', async (_what, attack, why) => {
    const { rig, foreign, error, payloads } = await attacked(attack)
    expect(error).toMatchObject({ code: 'ALERT_DECODE', cause: { code: 'ALERT_EXTERNAL', message: expect.stringContaining(why) } })
    expect(payloads).toEqual([{ alert: 'good' }])
    expect(foreign.seen).toEqual([])
    // The good one's two.
    expect(rig.server.seen).toHaveLength(2)
    expectNoSecret(SECRET_QUERY, error, rig.logged)
  })
})

describe('what is no reference', () => {
  test.each<[string, Attack]>([
    ['more than a url', ({ rig, path }) => ({ url: `${rig.server.origin}${path}`, more: 1 })],
    ['no url', () => ({ uri: 'http://127.0.0.1' })],
    ['a url that is no text', () => ({ url: 1 })],
    ['a text', ({ rig, path }) => `${rig.server.origin}${path}`],
  ])('%s is refused before anybody is asked', async (_what, attack) => {
    const { rig, error, payloads } = await attacked(attack)
    expect(error).toMatchObject({ code: 'ALERT_DECODE', message: expect.stringContaining("expected { url: '...' } and no more") })
    expect(payloads).toEqual([{ alert: 'good' }])
    expect(rig.server.seen).toHaveLength(2)
  })
})

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** The named server itself does wrong, once asked. */
const doing =
  (handler: (scene: Scene) => Handler): Attack =>
  scene => {
    scene.rig.server.instead.push(handler(scene))
    return at(`${scene.rig.server.origin}${scene.path}?secret=${SECRET_QUERY}`)
  }

const giving = (document: Uint8Array): Attack => doing(() => (_, response) => void response.end(document))

describe('an answer that is none is refused', () => {
  test.each<[string, Attack, string, string]>([
    ...[301, 302, 303, 307, 308].map((status): [string, Attack, string, string] => [
      `a redirect (${status}) to another server`,
      doing(
        ({ foreign, path }) =>
          (_, response) =>
            void response.writeHead(status, { Location: `${foreign.origin}${path}` }).end(),
      ),
      'ALERT_EXTERNAL',
      'is redirected, which is not followed',
    ]),
    [
      'a redirect to itself',
      doing(
        ({ path }) =>
          (_, response) =>
            void response.writeHead(302, { Location: path }).end(),
      ),
      'ALERT_EXTERNAL',
      'is redirected, which is not followed',
    ],
    ['an endless body', doing(() => (_, response) => pour(response)), 'ALERT_TOO_LARGE', 'more than 100000 bytes'],
    [
      'a huge Content-Length',
      doing(() => (_, response) => void response.writeHead(200, { 'Content-Length': 10 ** 12 }).write('x')),
      'ALERT_TOO_LARGE',
      '1000000000000 bytes, and limits.externalBytes is 100000',
    ],
    [
      'a body that grows when it is unpacked',
      doing(() => (_, response) => void response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(Buffer.alloc(10 ** 7)))),
      'ALERT_TOO_LARGE',
      'more than 100000 bytes',
    ],
    ['a page', giving(bytes('<html>hello</html>')), 'ALERT_EXTERNAL', 'not BSON'],
    ['nothing', giving(new Uint8Array()), 'ALERT_EXTERNAL', 'not BSON'],
    ['10 000 documents in each other', giving(nested(10_000)), 'ALERT_EXTERNAL', 'metadata is missing'],
    ['BSON without metadata', giving(serialize({ message: Buffer.from(GOOD) })), 'ALERT_EXTERNAL', 'metadata is missing'],
  ])('%s', async (_what, attack, code, why) => {
    const { rig, foreign, error, payloads } = await attacked(attack)
    expect(error).toMatchObject({ code: 'ALERT_DECODE', cause: { code, message: expect.stringContaining(why) } })
    expect(payloads).toEqual([{ alert: 'good' }])
    expect(foreign.seen).toEqual([])
    expectNoSecret(SECRET_QUERY, error, rig.logged)
  })

  test('a body that comes byte by byte, once the time is up', async () => {
    let asked = (): void => {}
    const isAsked = new Promise<void>(resolve => {
      asked = resolve
    })
    let clock: OffloadRig['clock'] | undefined
    const outcome = attacked(scene => {
      clock = scene.rig.clock
      return doing(() => (_, response) => {
        const drip = setInterval(() => response.write('x'), 5)
        response.on('close', () => clearInterval(drip))
        response.writeHead(200).write('x', asked)
      })(scene)
    })
    await isAsked
    await clock!.advance(30_000)
    const { error, payloads } = await outcome
    expect(error).toMatchObject({ cause: { code: 'ALERT_TIMEOUT', message: expect.stringContaining('within 30000 ms') } })
    expect(payloads).toEqual([{ alert: 'good' }])
  })
})

describe('a server that does not prove itself is refused', () => {
  const lying =
    (lies: ScramLies): Attack =>
    ({ rig, path }) => {
      rig.server.lies = lies
      return at(`${rig.server.origin}${path}`)
    }

  test.each<[string, ScramLies, string]>([
    ['a wrong signature', { final: () => `v=${Buffer.alloc(64).toString('base64')}` }, 'gives a wrong signature'],
    ['an error for a signature', { final: () => 'e=other-error' }, 'gives a wrong signature'],
    ['another sid', { info: info => info.replace(/sid=\w+/, 'sid=other') }, 'speaks of another exchange'],
    ['no word', { info: () => 'realm=x' }, 'says nothing'],
    ['a huge iteration count', { first: text => text.replace(/i=\d+/, 'i=100000000') }, 'expected 4096 to 1000000'],
    ['too small an iteration count', { first: text => text.replace(/i=\d+/, 'i=1') }, 'expected 4096 to 1000000'],
    ["another's nonce", { first: text => text.replace(/r=\w/, 'r=.') }, 'nonce'],
    ['another message', { first: () => 'hello' }, 'first message'],
  ])('%s', async (_what, lies, why) => {
    const { rig, error, payloads, statuses } = await attacked(lying(lies))
    expect(error).toMatchObject({ code: 'ALERT_DECODE', cause: { code: 'ALERT_PROTOCOL', message: expect.stringContaining(why) } })
    expect(payloads).toEqual([{ alert: 'good' }])
    expectNoSecret(CANARY, error, statuses, rig.logged, rig.server.seen)
  })
})

test.each([
  ['a line break', `token\r\nX-Injected: ${CANARY}`],
  ['a letter beyond ASCII', `é${CANARY}`],
])('a bearer token with %s is neither sent nor shown', async (_what, token) => {
  const rig = await OffloadRig.start({ credential: { mechanism: 'OAUTHBEARER', username: 'alice', token } })
  const error = await rig.refusal(rig.server.put({ message: bytes(GOOD) }))
  expect(error).toMatchObject({ code: 'ALERT_CREDENTIALS' })
  expectNoSecret(CANARY, error, rig.logged)
  expect(rig.server.seen).toEqual([])
})

/** Writes until nobody reads. */
function pour(response: ServerResponse): void {
  const chunk = Buffer.alloc(65_536)
  const more = (): void => {
    while (!response.destroyed && response.write(chunk)) {}
  }
  response.on('drain', more)
  more()
}
