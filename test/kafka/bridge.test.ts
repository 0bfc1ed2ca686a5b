import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createParser } from 'eventsource-parser'
import { Cursor, IgwnAlertClient, type Position, silentLogger } from 'igwn-alert-rx'
import { createBridge, serveBridge, type WireRecord } from 'igwn-alert-rx/bridge'
import { type BridgeRecord, fromBridge } from 'igwn-alert-rx/browser'
import { decode } from 'igwn-alert-rx/operators'
import { lastValueFrom, map, toArray } from 'rxjs'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type BedClient, uniqueName } from '../bed/bedClient.ts'
import { startKafka } from '../bed/kafka.ts'
import { freePorts } from '../bed/ports.ts'
import { dieWithUs, until } from '../bed/run.ts'
import { sharedBed } from '../bed/shared.ts'
import { type Child, command } from '../cli/child.ts'
import { expectNoSecret } from '../support/canary.ts'

const TOKEN = `canary-token.${'q7'.repeat(12)}`
const AUTHORIZATION = `Bearer ${TOKEN}`
/** Processes that are started while the machine has other work. */
const PATIENT = 120_000

interface Process {
  readonly url: string
  readonly child: Child
  /** SIGTERM; its exit code. */
  stop(): Promise<number | null>
}

/** The command `bridge` as a process of its own, once it reads everything. */
async function bridgeProcess(args: readonly string[]): Promise<Process> {
  const child = command(['-l', 'debug', ...args])
  const { pid } = child.process
  onTestFinished(dieWithUs(pid!))
  onTestFinished(() => void child.process.kill('SIGKILL'))
  const address = (): string | undefined => / at (http:\S+)\/stream/.exec(child.out())?.[1]
  await until(() => address() !== undefined || child.process.exitCode !== null, 'the bridge does not listen', 60_000)
  const url = address()
  if (url === undefined) throw new Error(`the bridge ended: ${(await child.ended).err}`)
  await until(async () => (await fetch(`${url}/health`)).ok, 'the bridge does not read')
  const stop = async (): Promise<number | null> => {
    child.process.kill('SIGTERM')
    return (await child.ended).code
  }
  return { url, child, stop }
}

interface Heard {
  readonly wires: WireRecord[]
  /** Names of all events, in order. */
  readonly events: string[]
  readonly cursors: string[]
}

/** What a reader of server-sent events hears, fed with text. */
function hearing(): Heard & { feed(text: string): void } {
  const heard: Heard = { wires: [], events: [], cursors: [] }
  const { feed } = createParser({
    onEvent({ event = '', data, id }) {
      heard.events.push(event)
      if (event === 'record') heard.wires.push(JSON.parse(data) as WireRecord)
      if (id !== undefined) heard.cursors.push(id)
    },
  })
  return { ...heard, feed }
}

function curl(url: string, ...headers: readonly string[]): Heard {
  const heard = hearing()
  const child = spawn('curl', ['--silent', '--no-buffer', ...headers.flatMap(header => ['--header', header]), url])
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdout.setEncoding('utf8').on('data', heard.feed)
  return heard
}

/** By node:http alone. `ended`: whether the connection is over. */
function plain(url: string, headers: Record<string, string> = {}): Heard & { readonly ended: () => boolean; close(): void } {
  const heard = hearing()
  let isOver = false
  const request = get(url, { headers }, response => {
    response.setEncoding('utf8').on('data', heard.feed)
    response.on('close', () => {
      isOver = true
    })
  })
  request.on('error', () => {
    isOver = true
  })
  const close = (): void => void request.destroy()
  onTestFinished(close)
  return { ...heard, ended: () => isOver, close }
}

/** By place, as JSON has them. */
const sorted = (records: readonly { topic: string; partition: number; offset: number }[]): unknown[] =>
  JSON.parse(
    JSON.stringify([...records].sort((a, b) => a.topic.localeCompare(b.topic) || a.partition - b.partition || a.offset - b.offset)),
  )

/** A record over the wire, as `record.toJSON()` has it. */
const withoutId = ({ topicId: _, ...record }: WireRecord) => record

describe('the bridge on a real Kafka', { timeout: PATIENT }, () => {
  let bed: BedClient
  let group: string
  const serverUrl = (): string => `kafka://${bed.brokers[0]!.plaintext}/`
  const open = (more: object = {}): IgwnAlertClient => {
    const client = new IgwnAlertClient({ server: serverUrl(), noauth: true, group, logger: silentLogger, ...more })
    onTestFinished(() => client.close())
    return client
  }
  /** All that the log holds now, by a direct subscription, decoded. */
  const direct = (): Promise<unknown[]> =>
    lastValueFrom(
      open({ from: 'earliest', untilEnd: true })
        .topics(['a', 'b'])
        .pipe(
          decode({ unwrap: 3 }),
          map(record => record.toJSON()),
          toArray(),
        ),
    ).then(sorted)

  beforeEach(async () => {
    bed = sharedBed()
    group = uniqueName('bridge')
    for (const topic of ['a', 'b']) await bed.createTopic(`${group}.${topic}`, { partitions: 2 })
  })

  const fill = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n++) {
      const alert = { superevent_id: `S${n}`, far: n / 7, text: `${n}\n\nevent: x \u2028 é \u{1f30c}`, nested: [{ n }, null, true] }
      const value = n % 3 === 0 ? JSON.stringify(JSON.stringify(alert)) : JSON.stringify(alert)
      const headers = { _format: 'json', _sender: 'alice', mine: Buffer.from([0, n, 255]) }
      await bed.produce(`${group}.${n % 2 ? 'a' : 'b'}`, [value], { partition: n % 4 < 2 ? 0 : 1, key: `key ${n}`, headers })
    }
  }

  async function tokens(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-bridge-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    await writeFile(join(folder, 'tokens'), `${TOKEN}\n`, { mode: 0o600 })
    return join(folder, 'tokens')
  }

  it('gives curl, node:http and fromBridge the records of a direct subscription, deep equal; no secret shows', async () => {
    await fill(0, 20)
    const start = (await open().cursor(['a', 'b'], 'earliest')).toString()
    const [port = 0] = await freePorts(1)
    const folder = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-bridge-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const password = bed.users['alice']!
    for (const topic of ['a', 'b']) await bed.grant('alice', 'topic', `${group}.${topic}`, ['read'])
    const { saslPlaintext } = bed.brokers[0]!
    const auth = join(folder, 'auth.toml')
    await writeFile(auth, `[[auth]]\nusername = "alice"\npassword = "${password}"\nprotocol = "SASL_PLAINTEXT"\n`, { mode: 0o600 })
    const args = ['-s', `kafka://${saslPlaintext}/`, '--authfile', auth, '-g', group, 'bridge', 'a', 'b']
    const bridge = await bridgeProcess([...args, '--port', String(port), '--token-file', await tokens()])
    const { url } = bridge
    // A cursor is of the server by the name that it was reached by.
    const mine = JSON.parse(Buffer.from(start, 'base64url').toString()) as { server: string }
    const cursor = Buffer.from(JSON.stringify({ ...mine, server: saslPlaintext })).toString('base64url')

    const byCurl = curl(`${url}/stream`, `Authorization: ${AUTHORIZATION}`, `Last-Event-ID: ${cursor}`)
    const byNode = plain(`${url}/stream?from=earliest`, { authorization: AUTHORIZATION })
    const byBridge: BridgeRecord[] = []
    const subscription = fromBridge(url, { from: 'earliest', token: TOKEN }).subscribe(record => byBridge.push(record))
    await until(() => byCurl.wires.length >= 20 && byNode.wires.length >= 20 && byBridge.length >= 20, 'the past does not come')
    await fill(20, 40)
    await until(() => byCurl.wires.length >= 40 && byNode.wires.length >= 40 && byBridge.length >= 40, 'the present does not come')
    subscription.unsubscribe()

    const expected = (await direct()) as { server: string }[]
    expect(expected).toHaveLength(40)
    const same = expected.map(record => ({ ...record, server: saslPlaintext }))
    expect(sorted(byCurl.wires.map(withoutId))).toEqual(same)
    expect(sorted(byNode.wires.map(withoutId))).toEqual(same)
    expect(sorted(byBridge.map(record => record.toJSON()))).toEqual(same)

    const noToken = await fetch(`${url}/stream`)
    const wrong = await fetch(`${url}/stream?token=${TOKEN}`, { headers: { authorization: 'Bearer wrong-token' } })
    expect([noToken.status, wrong.status]).toEqual([401, 403])
    const said = await Promise.all([
      noToken.text(),
      wrong.text(),
      ...['health', 'metrics', 'topics'].map(async path => (await fetch(`${url}/${path}`)).text()),
    ])
    expect(await bridge.stop()).toBe(0)
    for (const secret of [password, TOKEN]) expectNoSecret(secret, bridge.child.out(), bridge.child.err(), ...said)
  })

  it('SIGTERM: clients are told to come again, exit code 0; another process at the port goes on: 0 lost, 0 doubled', async () => {
    const [port = 0] = await freePorts(1)
    const args = ['-s', serverUrl(), '--no-auth', '-g', group, 'bridge', '--port', String(port)]
    const first = await bridgeProcess(args)
    const got: unknown[] = []
    const statuses: string[] = []
    const stream = fromBridge<number>(first.url, { topics: ['a'] })
    stream.status$.subscribe(({ type }) => statuses.push(type))
    const subscription = stream.subscribe(({ payload }) => got.push(payload))
    const byNode = plain(`${first.url}/stream?topics=a`)
    await until(() => statuses.includes('connected') && byNode.events.includes('hello'), 'nobody is connected')

    let sent = 0
    let isSending = true
    const sending = (async () => {
      while (isSending) await bed.produce(`${group}.a`, [String(sent++)], { partition: 0 })
    })()
    await until(() => got.length > 20, 'no records come')
    expect(await first.stop()).toBe(0)
    expect(byNode.events.at(-1)).toBe('bye')
    const before = got.length
    const second = await bridgeProcess(args)
    await until(() => got.length > before + 20, 'the second process does not go on')
    // Whoever was not fromBridge resumes by the last cursor.
    const resumed = plain(`${second.url}/stream?topics=a`, { 'last-event-id': byNode.cursors.at(-1)! })
    isSending = false
    await sending
    await until(() => got.at(-1) === sent - 1 && resumed.wires.at(-1)?.payload === sent - 1, 'not all has come')
    subscription.unsubscribe()
    const all = Array.from({ length: sent }, (_, n) => n)
    expect(got).toEqual(all)
    expect(statuses).not.toContain('gap')
    const both = [...byNode.wires, ...resumed.wires].map(({ payload }) => Number(payload))
    expect([...new Set(both)].sort((a, b) => a - b)).toEqual(all)
    expect(resumed.events).not.toContain('gap')
    expect(await second.stop()).toBe(0)
  })

  it('is resumed at every event, from the ring and from the log: exactly the rest comes', async () => {
    await fill(0, 24)
    const client = open()
    const bridgeOf = async (history: number): Promise<string> => {
      const bridge = createBridge({ streams: { client: open(), topics: ['a', 'b'] }, ring: { history }, logger: silentLogger })
      const served = await serveBridge(bridge, { port: 0 })
      onTestFinished(() => served.close())
      await bridge.ready
      return served.url
    }
    const urls = [await bridgeOf(3_600_000), await bridgeOf(1)]
    const start = await client.cursor(['a', 'b'], 'earliest')
    const all = plain(`${urls[0]}/stream`, { 'last-event-id': start.toString() })
    await until(() => all.wires.length === 24, 'not all has come')
    for (const url of urls) {
      const positions = new Map<string, Position>(start.positions.map(position => [`${position.topic} ${position.partition}`, position]))
      for (let seen = 0; seen <= 24; seen++) {
        const cursor = Cursor.of(start.server, start.time, positions.values()).toString()
        const rest = plain(`${url}/stream`, { 'last-event-id': cursor })
        const expected = all.wires.slice(seen)
        await until(() => rest.wires.length >= expected.length && rest.events.includes('cursor'), `after ${seen} the rest does not come`)
        expect(sorted(rest.wires)).toEqual(sorted(expected))
        expect(rest.events).not.toContain('gap')
        rest.close()
        const next = all.wires[seen]
        if (!next) break
        const key = `${next.fullTopic} ${next.partition}`
        positions.set(key, { ...positions.get(key)!, offset: next.offset + 1 })
      }
    }
    const metrics = await (await fetch(`${urls[1]}/metrics`)).text()
    expect(Number(/replays_total (\d+)/.exec(metrics)?.[1])).toBeGreaterThanOrEqual(24)
  })
})

describe('a broker that is killed below the bridge', { timeout: PATIENT }, () => {
  it('ends no client; once it is back nothing is lost', async () => {
    const kafka = await startKafka()
    onTestFinished(() => kafka.close())
    const [port = 0] = await freePorts(1)
    const topic = uniqueName('bridge.a')
    await kafka.createTopic(topic, { partitions: 2 })
    const bridge = await bridgeProcess([
      '-s',
      `kafka://${kafka.brokers[0]!.plaintext}/`,
      '--no-auth',
      '--no-group',
      'bridge',
      topic,
      '--port',
      String(port),
    ])
    const client = plain(`${bridge.url}/stream`)
    await until(() => client.events.includes('hello'), 'it is not connected')
    const send = async (from: number, to: number): Promise<void> => {
      for (let n = from; n < to; n++) await kafka.produce(topic, [String(n)], { partition: n % 2 })
    }
    await send(0, 20)
    await until(() => client.wires.length === 20, 'the first records do not come')
    await kafka.kill(0)
    // A cursor of before the fall: who comes meanwhile waits for the log, or is told to come again; nothing breaks.
    const meanwhile = await fetch(`${bridge.url}/health`)
    expect([200, 503]).toContain(meanwhile.status)
    await kafka.start(0)
    await send(20, 40)
    await until(() => client.wires.length === 40, 'the rest does not come', 60_000)
    expect(client.wires.map(({ payload }) => Number(payload)).sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n))
    expect([client.ended(), client.events.includes('gap'), client.events.includes('bye')]).toEqual([false, false, false])
    await until(async () => (await fetch(`${bridge.url}/health`)).ok, 'the bridge does not read again')
    expect(await bridge.stop()).toBe(0)
  })
})
