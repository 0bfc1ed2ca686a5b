import { type AuthProvider, type ClientOptions, type Delivery, type RetryOnFatalOptions, retryOnFatal } from 'igwn-alert-rx'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BedClient, uniqueName } from '../bed/bedClient.ts'
import { startKafka } from '../bed/kafka.ts'
import { type KafkaProxy, startProxy } from '../bed/proxy.ts'
import { rewriteAddresses } from '../bed/rewrite.ts'
import { sharedBed } from '../bed/shared.ts'
import { ApiKey } from '../bed/wire.ts'
import { figure } from './support/figures.ts'
import { alerts, type Heard, hear, range, Watched } from './support/watched.ts'

const soon = { timeout: 20_000 }
const WRONG = 'not-the-password-any-more'

let bed: BedClient
let proxy: KafkaProxy
let user: string
let password: string
let topic: string
beforeEach(async () => {
  bed = sharedBed()
  user = uniqueName('refused')
  password = uniqueName('password')
  topic = uniqueName('refusals')
  await bed.createTopic(topic)
  await bed.setPassword(user, password)
  await bed.grant(user, 'topic', topic, ['read', 'describe'])
  const target = bed.brokers[0]!.saslPlaintext
  proxy = await startProxy(target)
  proxy.onResponse = rewriteAddresses({ [target]: proxy.address })
})
afterEach(() => proxy.close())

const credentials = () => ({ username: user, password, protocol: 'SASL_PLAINTEXT' as const })

const watch = (options: ClientOptions = {}): Watched => new Watched(proxy.address, { auth: credentials(), refresh: 500, ...options })

/** Reads from latest, and has heard 0 .. 4. */
async function begin(watched: Watched, retry?: RetryOnFatalOptions): Promise<Heard> {
  const alone = watched.client.topic(topic)
  const heard = hear(retry ? alone.pipe(retryOnFatal<Delivery>(retry)) : alone)
  await expect.poll(() => watched.of('connected').length, soon).toBe(1)
  await bed.produce(topic, alerts(0, 5))
  await expect.poll(() => heard.got, soon).toEqual(range(0, 5))
  return heard
}

/** 5 .. 9 came in the meantime, 10 .. 14 come now: all of them once, in order. */
async function expectAll({ got, errors }: Heard): Promise<void> {
  await expect.poll(() => got.length, soon).toBeGreaterThanOrEqual(10)
  await bed.produce(topic, alerts(10, 15))
  await expect.poll(() => got.at(-1), soon).toBe(14)
  expect(got).toEqual(range(0, 15))
  expect(errors).toEqual([])
}

const failed = (watched: Watched) => watched.of('closed').filter(({ error }) => error !== undefined)

const refusals = [
  {
    fault: 'password changed',
    code: 'ALERT_CREDENTIALS',
    refuse: async () => {
      await bed.setPassword(user, WRONG)
      proxy.cut() // whoever is connected stays so
    },
    allow: () => bed.setPassword(user, password),
  },
  {
    fault: 'right revoked',
    code: 'ALERT_TOPIC_FORBIDDEN',
    refuse: () => bed.revoke(user, 'topic', topic, ['read']),
    allow: () => bed.grant(user, 'topic', topic, ['read']),
  },
] as const

describe.each(refusals)('$fault', ({ fault, code, refuse, allow }) => {
  it.each([0, 3])('refusalTimeout 0: %i tries by retryOnFatal, then the error', async count => {
    await using watched = watch({ refusalTimeout: 0 })
    const heard = await begin(watched, { count, delay: 50 })
    const connections = proxy.stats.requests.of(ApiKey.SaslHandshake)
    await refuse()
    await expect.poll(() => heard.errors, soon).toMatchObject([{ code, fatal: true }])
    expect(failed(watched)).toHaveLength(count + 1)
    expect(watched.of('closed')).toHaveLength(count + 1)
    expect(heard.got).toEqual(range(0, 5))
    expect(JSON.stringify([watched.statuses, watched.logged, String(heard.errors[0])])).not.toContain(password)
    const logins = proxy.stats.requests.of(ApiKey.SaslHandshake) - connections
    figure(
      'refusals',
      `${fault}, refusalTimeout 0, retryOnFatal({ count: ${count} })`,
      `${count} resubscriptions (${logins} logins in all), then ${code}`,
    )
  })

  it('refusalTimeout 0, allowed again before the tries are over: nothing lost or doubled', async () => {
    await using watched = watch({ refusalTimeout: 0, retryOnFatal: true, listenRetries: 100, retryWait: 300 })
    const heard = await begin(watched)
    await refuse()
    await bed.produce(topic, alerts(5, 10))
    await expect.poll(() => failed(watched).length, soon).toBeGreaterThanOrEqual(2)
    await allow()
    await expectAll(heard)
    expect(watched.of('gap')).toEqual([])
    figure('refusals', `${fault}, refusalTimeout 0, allowed again between the tries`, '0 of 10 lost, 0 doubled')
  })

  it('a long refusalTimeout: said once, the stream lives; allowed again: nothing lost or doubled', async () => {
    await using watched = watch()
    const heard = await begin(watched)
    await refuse()
    await bed.produce(topic, alerts(5, 10))
    await expect.poll(() => watched.of('refused').length, soon).toBeGreaterThan(0)
    expect(watched.of('refused')[0]!.error.code).toBe(code)
    await allow()
    const from = performance.now()
    await expectAll(heard)
    expect(watched.of('closed')).toEqual([])
    expect(watched.of('gap')).toEqual([])
    const told = [...watched.logged.warn, ...watched.logged.error].filter(text => text.includes(watched.of('refused')[0]!.error.message))
    expect(told).toHaveLength(1)
    const took = (performance.now() - from) / 1000
    figure('refusals', `${fault}, a long refusalTimeout, allowed again`, `0 of 10 lost, 0 doubled, back within ${took.toFixed(1)} s`)
  })

  it('refusalTimeout 3 s: the error comes then', async () => {
    const refusalTimeout = 3000
    await using watched = watch({ refusalTimeout })
    const heard = await begin(watched)
    await refuse()
    await expect.poll(() => watched.of('refused').length, soon).toBeGreaterThan(0)
    const from = performance.now()
    await expect.poll(() => heard.errors, soon).toMatchObject([{ code, fatal: true }])
    const took = performance.now() - from
    expect(took).toBeGreaterThan(refusalTimeout - 1000)
    expect(took).toBeLessThan(refusalTimeout + 3000) // it is found out by a try, and these are up to 2 s apart
    expect(failed(watched)).toHaveLength(1)
    figure('refusals', `${fault}, refusalTimeout 3 s`, `the error after ${(took / 1000).toFixed(1)} s`)
  })
})

it('the right to the consumer group revoked and granted again: said, nothing lost', async () => {
  const consumerGroup = uniqueName('refused')
  await bed.grant(user, 'group', consumerGroup, ['read'])
  await using watched = watch({ consumerGroup, sessionTimeout: 6000, heartbeatInterval: 500 })
  const heard = await begin(watched)
  await expect.poll(() => bed.committed(consumerGroup, topic), soon).toEqual([5])
  await bed.revoke(user, 'group', consumerGroup, ['read'])
  await expect.poll(() => watched.of('refused').length, soon).toBeGreaterThan(0)
  expect(watched.of('refused')[0]!.error.code).toBe('ALERT_GROUP_FORBIDDEN')
  await bed.produce(topic, alerts(5, 10))
  await bed.grant(user, 'group', consumerGroup, ['read'])
  await expect.poll(() => new Set(heard.got).size, soon).toBe(10)
  await expect.poll(() => bed.committed(consumerGroup, topic), soon).toEqual([10])
  const doubled = heard.got.length - 10
  figure('refusals', 'right to the consumer group revoked, granted again', `0 of 10 lost, ${doubled} doubled`)
  expect(doubled).toBe(0)
  expect([...heard.errors, ...watched.of('closed')]).toEqual([])
})

it('a password that a function gives anew is taken up: nobody is refused', async () => {
  let current = password
  const auth: AuthProvider = () => ({ ...credentials(), password: current })
  await using watched = watch({ auth })
  const heard = await begin(watched)
  current = uniqueName('rotated')
  await bed.setPassword(user, current)
  proxy.cut()
  await bed.produce(topic, alerts(5, 10))
  await expectAll(heard)
  expect(watched.of('refused')).toEqual([])
})

it('a broker that asks again every 5 s: a password changed and set back is ridden out', async () => {
  await using own = await startKafka({ reauthMs: 5000 })
  bed = own
  await own.createTopic(topic)
  await own.setPassword(user, password)
  await own.grant(user, 'topic', topic, ['read', 'describe'])
  await using watched = new Watched(own.brokers[0]!.saslPlaintext, { auth: credentials() })
  const heard = await begin(watched)
  await own.setPassword(user, WRONG)
  await expect.poll(() => watched.of('refused').length, soon).toBeGreaterThan(0)
  expect(watched.of('refused')[0]!.error.code).toBe('ALERT_CREDENTIALS')
  await own.produce(topic, alerts(5, 10))
  await own.setPassword(user, password)
  await expectAll(heard)
  expect(watched.of('closed')).toEqual([])
  figure('refusals', 'password changed and set back, re-authentication every 5 s', '0 of 10 lost, 0 doubled')
}, 90_000)
