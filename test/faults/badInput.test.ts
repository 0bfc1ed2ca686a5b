import { AlertError, type ClientOptions, handle, IgwnAlertClient, PublishError, parseJson, type Status, silentLogger } from 'igwn-alert-rx'
import { lastValueFrom, toArray } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Damage } from '../bed/batches.ts'
import { type BedClient, uniqueName } from '../bed/bedClient.ts'
import { closedPort } from '../bed/ports.ts'
import { silentServer, startProxy } from '../bed/proxy.ts'
import { chain, damageFetched, rewriteAddresses } from '../bed/rewrite.ts'
import { sharedBed } from '../bed/shared.ts'

let bed: BedClient
let group: string
let clients: IgwnAlertClient[]
let statuses: Status[]
beforeEach(() => {
  bed = sharedBed()
  group = uniqueName('bad')
  clients = []
  statuses = []
})
afterEach(() => Promise.all(clients.map(client => client.close())))

/** A client, by default without authentication. */
function clientOf(server: string, options: ClientOptions = {}): IgwnAlertClient {
  const auth = options.auth || options.username ? {} : { noauth: true }
  const client = new IgwnAlertClient({
    server: `kafka://${server}/`,
    group,
    connectTimeout: 5000,
    logger: silentLogger,
    ...auth,
    ...options,
  })
  clients.push(client)
  client.status$.subscribe(status => statuses.push(status))
  return client
}

const plain = (options?: ClientOptions): IgwnAlertClient => clientOf(bed.brokers[0]!.plaintext, options)
const alice = () => ({ username: 'alice', password: bed.users['alice'] ?? '', caFile: bed.caFile })

async function newTopic(topic: string, config: Readonly<Record<string, string>> = {}): Promise<string> {
  const full = `${group}.${topic}`
  await bed.createTopic(full, { config })
  return full
}

/** What a stream of `topic` ends with. */
async function failureOf(client: IgwnAlertClient, topic = 'superevent'): Promise<AlertError> {
  const error: unknown = await lastValueFrom(client.topic(topic).pipe(handle(async () => {})), { defaultValue: undefined }).then(
    () => undefined,
    thrown => thrown,
  )
  if (!(error instanceof AlertError)) throw new Error('expected an AlertError', { cause: error })
  return error
}

/** All JSON that is in a topic. */
function payloadsOf(client: IgwnAlertClient, topic = 'superevent'): Promise<unknown[]> {
  return lastValueFrom(
    client.topic(topic, { from: 'earliest', untilEnd: true }).pipe(
      parseJson(),
      handle(async ({ payload }) => payload),
      toArray(),
    ),
  )
}

const failures = () => statuses.filter(status => status.type === 'failed')

describe('who may not', () => {
  it('a wrong password', async () => {
    await newTopic('superevent')
    const error = await failureOf(clientOf(bed.brokers[0]!.saslSsl, { auth: { ...alice(), password: 'not-the-password' } }))
    expect(error).toMatchObject({ code: 'ALERT_CREDENTIALS', fatal: true })
    expect(error.message).toMatch(/alice/)
    expect(error.message).toMatch(/Check the username and the password/)
    expect(error.message).not.toContain('not-the-password')
  })

  it('no right on one topic of three: the others go on, and it comes too once it is granted', async () => {
    for (const topic of ['a', 'b', 'c']) {
      const full = await newTopic(topic)
      if (topic !== 'b') await bed.grant('alice', 'topic', full, ['read', 'describe'])
    }
    const client = clientOf(bed.brokers[0]!.saslSsl, { auth: alice(), refresh: 500 })
    const got: string[] = []
    client.topics(['a', 'b', 'c'], { from: 'earliest' }).subscribe({ next: ({ topic }) => got.push(topic) })
    const refused = () => statuses.find(status => status.type === 'refused')
    await expect.poll(refused, { timeout: 10_000 }).toMatchObject({
      topic: `${group}.b`,
      error: { code: 'ALERT_TOPIC_FORBIDDEN', message: expect.stringMatching(/Ask for the right \(READ/) },
    })
    for (const topic of ['a', 'b', 'c']) await bed.produce(`${group}.${topic}`, ['{}'])
    await expect.poll(() => [...got].sort(), { timeout: 10_000 }).toEqual(['a', 'c'])
    await bed.grant('alice', 'topic', `${group}.b`, ['read', 'describe'])
    await expect.poll(() => got.slice(2), { timeout: 10_000 }).toEqual(['b'])
  })

  it('an unknown topic: its nearest names are told', async () => {
    await newTopic('superevent')
    await newTopic('cbc_mdc')
    const error = await failureOf(plain(), 'supervent')
    expect(error).toMatchObject({ code: 'ALERT_TOPIC_UNKNOWN', fatal: true })
    expect(error.message).toContain(`${group}.supervent`)
    expect(error.mend).toContain('superevent')
  })
})

describe('what is not there, or is something else', () => {
  it('a closed port', async () => {
    const address = `127.0.0.1:${await closedPort()}`
    const error = await failureOf(clientOf(address, { connectTimeout: 1000 }))
    expect(error).toMatchObject({ code: 'ALERT_UNREACHABLE', fatal: true })
    expect(error.message).toContain(address)
    expect(error.message).toMatch(/refused/i)
  })

  it('a silent port', async () => {
    const server = await silentServer()
    try {
      const error = await failureOf(clientOf(server.address, { connectTimeout: 1000 }))
      expect(error).toMatchObject({ code: 'ALERT_UNREACHABLE', fatal: true })
      expect(error.message).toContain(server.address)
      expect(error.message).toMatch(/1000 ms/)
    } finally {
      server.close()
    }
  })

  it('plain text to a port of TLS', async () => {
    const error = await failureOf(clientOf(bed.brokers[0]!.ssl, { tls: false }))
    expect(error.code).toBe('ALERT_PROTOCOL')
    expect(error.message).toMatch(/TLS/)
  })

  it('TLS to a plain port', async () => {
    const error = await failureOf(clientOf(bed.brokers[0]!.plaintext, { tls: { ca: bed.ca }, connectTimeout: 1000 }))
    expect(error).toMatchObject({ code: 'ALERT_UNREACHABLE', fatal: true }) // the broker only hangs up, as a dying one does
    expect(error.message).toMatch(/closed in the TLS handshake: a port without TLS\?/)
  })

  it('an authority that is not trusted', async () => {
    const error = await failureOf(clientOf(bed.brokers[0]!.ssl, { tls: { ca: bed.otherCa } }))
    expect(error).toMatchObject({ code: 'ALERT_TLS_TRUST', fatal: true })
    expect(error.message).toMatch(/certificate/)
  })

  it('a certificate of another host', async () => {
    const error = await failureOf(clientOf(bed.brokers[0]!.wrongName, { auth: alice() }))
    expect(error).toMatchObject({ code: 'ALERT_TLS_HOSTNAME', fatal: true })
    expect(error.message).toContain('localhost')
    expect(error.message).toContain('wrong.invalid')
  })
})

describe('records that cannot be read', () => {
  it('not JSON among good ones: told with its place, the others come', async () => {
    const full = await newTopic('superevent')
    await bed.produce(full, ['{"n": 1}', '{"n": ', '{"n": 3}'])
    expect(await payloadsOf(plain())).toEqual([{ n: 1 }, { n: 3 }])
    expect(failures()).toMatchObject([{ topic: full, partition: 0, offset: 1, error: { code: 'ALERT_DECODE' } }])
    expect(failures()[0]).toMatchObject({ error: { message: expect.stringContaining(`${full}[0]@1: not JSON: line 1`) } })
  })

  /** Three batches of one record each, the second damaged on its way. */
  async function readDamaged(damage: Damage, checkCrcs: boolean): Promise<unknown[]> {
    const full = await newTopic('superevent')
    for (const n of [1, 2, 3]) await bed.produce(full, [`{"n": ${n}}`], { headers: { last: 'byte' } })
    const target = bed.brokers[0]!.plaintext
    await using proxy = await startProxy(target)
    proxy.onResponse = chain(rewriteAddresses({ [target]: proxy.address }), damageFetched(full, 0, 1, damage))
    return await payloadsOf(clientOf(proxy.address, { checkCrcs }))
  }

  const gaps = () => statuses.filter(status => status.type === 'gap')

  it('a batch with a wrong byte, checkCrcs on: left out and told as a gap, the others come', async () => {
    expect(await readDamaged('byte', true)).toEqual([{ n: 1 }, { n: 3 }])
    expect(gaps()).toMatchObject([{ topic: `${group}.superevent`, partition: 0, from: 1, to: 2, reason: 'damaged' }])
  })

  it('checkCrcs off: a wrong byte in a header passes', async () => {
    expect(await readDamaged('byte', false)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
    expect(gaps()).toEqual([])
  })

  it('checkCrcs off: a batch that cannot be taken apart is a gap nevertheless', async () => {
    expect(await readDamaged('record', false)).toEqual([{ n: 1 }, { n: 3 }])
    expect(gaps()).toMatchObject([{ from: 1, to: 2, reason: 'damaged' }])
  })
})

describe('messages that cannot be written', () => {
  async function sendAll(payloads: readonly unknown[]): Promise<unknown[]> {
    const sink = plain().sink('superevent')
    const results = await Promise.allSettled(payloads.map(payload => sink.send(payload)))
    return results.flatMap(result => (result.status === 'rejected' ? [result.reason] : []))
  }

  it('a payload that is no JSON: only its own send fails', async () => {
    await newTopic('superevent')
    const cyclic: { self?: unknown } = {}
    cyclic.self = cyclic
    const errors = await sendAll([{ n: 1 }, cyclic, { n: 3 }])
    expect(errors).toEqual([expect.any(PublishError)])
    expect(errors).toMatchObject([
      { code: 'ALERT_UNWRITABLE', stored: false, message: expect.stringMatching(/is not stored: .*(circular|cycl|itself)/i) },
    ])
    expect(await payloadsOf(plain())).toEqual([{ n: 1 }, { n: 3 }])
  })

  it('a message larger than the topic takes: only its own send fails', async () => {
    await newTopic('superevent', { 'max.message.bytes': '100000' })
    const errors = await sendAll([{ n: 1 }, { n: 'x'.repeat(200_000) }, { n: 3 }])
    expect(errors).toEqual([expect.any(PublishError)])
    expect(errors).toMatchObject([{ code: 'ALERT_TOO_LARGE', stored: false, message: expect.stringContaining('max.message.bytes') }])
    expect(await payloadsOf(plain())).toEqual([{ n: 1 }, { n: 3 }])
  })
})
