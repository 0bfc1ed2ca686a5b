import { setTimeout } from 'node:timers/promises'
import { type ClientOptions, handle, IgwnAlertClient, type Logger, parseJson, type Status, silentLogger } from 'igwn-alert-rx'
import { lastValueFrom, merge, take, toArray } from 'rxjs'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type BedClient, uniqueName } from '../bed/bedClient.ts'
import { until } from '../bed/run.ts'
import { sharedBed } from '../bed/shared.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'

describe("the seed's client on a real Kafka", () => {
  let bed: BedClient
  let group: string
  const open: IgwnAlertClient[] = []

  beforeAll(() => {
    bed = sharedBed()
  })
  beforeEach(async () => {
    group = uniqueName('seed')
    for (const topic of ['a', 'b']) await bed.createTopic(`${group}.${topic}`)
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map(client => client.close()))
  })

  const clientOf = (options: ClientOptions = {}): IgwnAlertClient => {
    const client = new IgwnAlertClient({
      server: `kafka://${bed.brokers[0]!.plaintext}/`,
      noauth: true,
      group,
      logger: silentLogger,
      ...options,
    })
    open.push(client)
    return client
  }
  const payloads = (topic: string): Promise<unknown[]> =>
    lastValueFrom(
      clientOf({ from: 'earliest', untilEnd: true })
        .topic(topic)
        .pipe(
          parseJson(),
          handle(async ({ payload }) => payload),
          toArray(),
        ),
    )

  it('lists exactly the topics of the group', async () => {
    await bed.createTopic(`x${group}.alien`)
    await bed.createTopic(`${group}.deep.name`)
    expect(await clientOf().getTopics()).toEqual(['a', 'b', 'deep.name'])
  })

  it('connects, publishes, flushes, disconnects', async () => {
    const client = clientOf()
    await expect(client.connect(['a', 'absent'])).rejects.toMatchObject({ code: 'ALERT_TOPIC_UNKNOWN' })
    await client.connect(['a', 'b'])
    client.publishToTopic('a', { n: 1 })
    client.publishToTopic('a', { n: 2 })
    await client.flushByTopic('a')
    await client.disconnect()
    expect(() => client.publishToTopic('a', {})).toThrow('No active sessions')
    expect((await client.publish(['a', 'b'], { n: 3 })).map(({ topic }) => topic)).toEqual(['a', 'b'])
    expect([await payloads('a'), await payloads('b')]).toEqual([[{ n: 1 }, { n: 2 }, { n: 3 }], [{ n: 3 }]])
  })

  it('listens to the subscriptions, followed live, and stops', async () => {
    const client = clientOf()
    client.subscribe('a')
    const got: string[] = []
    const listener = client.listen((topic, payload) => got.push(`${topic} ${JSON.stringify(payload)}`))
    await listener.ready
    await client.publish('a', { n: 1 })
    await until(() => got.length === 1, 'the alert of a')
    const positioned = new Promise<void>(resolve =>
      client.status$.subscribe(status => status.type === 'positioned' && status.topics.length === 2 && resolve()),
    )
    client.subscribe('b')
    await positioned
    await client.publish('b', { n: 2 })
    await until(() => got.length === 2, 'the alert of b')
    await listener.stop()
    await listener.done
    expect(got).toEqual(['a {"n":1}', 'b {"n":2}'])
    expect(client.getSubscriptions()).toEqual(['a', 'b'])
  })

  it('ends where a cursor stands, starts where it stands', async () => {
    const client = clientOf()
    await client.publish('a', { n: 1 })
    const cursor = await client.cursor(['a'])
    await client.publish('a', { n: 2 })
    const read = (options: ClientOptions): Promise<unknown[]> =>
      lastValueFrom(
        clientOf(options)
          .topic('a')
          .pipe(
            parseJson(),
            handle(async ({ payload }) => payload),
            toArray(),
          ),
      )
    expect(await read({ from: 'earliest', until: cursor })).toEqual([{ n: 1 }])
    expect(await read({ from: cursor, untilEnd: true })).toEqual([{ n: 2 }])
  })

  it('deletes a topic that is confirmed, and none that is not', async () => {
    const client = clientOf()
    await expect(client.delete('a', { confirm: 'a' })).rejects.toThrow(`{ confirm: '${group}.a' }`)
    await client.delete('a', { confirm: `${group}.a` })
    await until(async () => (await client.getTopics()).join() === 'b', 'the topic to be gone')
  })

  it('reads two topics in one consumer group, and goes on where it has committed after a restart', async () => {
    const options = { consumerGroup: uniqueName('alice'), from: 'earliest', heartbeatInterval: 200 } as const
    for (const run of [1, 2]) {
      const client = clientOf(options)
      await client.publish(['a', 'b'], { run })
      const work = ['a', 'b'].map(name =>
        client.topic(name).pipe(
          parseJson(),
          handle(async ({ topic, payload }) => ({ topic, payload })),
        ),
      )
      const got = await lastValueFrom(merge(...work).pipe(take(2), toArray()))
      expect(got.toSorted((a, b) => (a.topic < b.topic ? -1 : 1))).toEqual(['a', 'b'].map(topic => ({ topic, payload: { run } })))
      await client.close()
    }
    for (const topic of ['a', 'b']) expect(await bed.committed(options.consumerGroup, `${group}.${topic}`)).toEqual([2])
    expect((await bed.describeGroup(options.consumerGroup)).state).toBe('Empty')
  })

  it('reads two topics as two static members of one consumer group, which take their places again after a restart', async () => {
    // A place that is not taken again would be waited for until its session ends.
    const sessionTimeout = 30_000
    const options = {
      consumerGroup: uniqueName('static'),
      instanceId: 'pager-1',
      from: 'earliest',
      heartbeatInterval: 200,
      sessionTimeout,
    } as const
    const heartbeats = 1_000
    for (const [run, topics] of [
      ['a', 'b'],
      ['b', 'a'],
    ].entries()) {
      const client = clientOf(options)
      const begun = Date.now()
      const got: string[] = []
      const errors: unknown[] = []
      for (const topic of topics) {
        client.topic(topic).subscribe({ next: record => got.push(`${record.topic}@${record.offset}`), error: error => errors.push(error) })
      }
      await client.publish(['a', 'b'], { run })
      await until(() => got.length === 2 || errors.length > 0, 'the alert of each topic')
      if (run > 0) expect(Date.now() - begun).toBeLessThan(sessionTimeout / 2)
      await setTimeout(heartbeats)
      expect([got.sort(), errors]).toEqual([[`a@${run}`, `b@${run}`], []])
      expect((await bed.describeGroup(options.consumerGroup)).state).toBe('Stable')
      await client.close()
    }
  })

  it.each(['saslSsl', 'saslPlaintext'] as const)('shows a password nowhere, be it right or wrong: %s', async listener => {
    const user = uniqueName('canary')
    await bed.setPassword(user, CANARY)
    await bed.grant(user, 'topic', `${group}.a`, ['read', 'write', 'describe'])
    const told: unknown[] = [process.argv]
    const note = (fields: object, message: string): void => void told.push(fields, message)
    const logger: Logger = { debug: note, info: note, warn: note, error: note }
    for (const password of [CANARY, `${CANARY}-wrong`]) {
      const auth = {
        username: user,
        password,
        ...(listener === 'saslSsl' ? { caFile: bed.caFile } : { protocol: 'SASL_PLAINTEXT' as const }),
      }
      const client = clientOf({
        server: `kafka://${bed.brokers[0]![listener]}/`,
        noauth: undefined,
        auth,
        logger,
        from: 'earliest',
        untilEnd: true,
      })
      client.status$.subscribe((status: Status) => told.push(status))
      const outcomes = await Promise.allSettled([
        client.publish('a', { n: 1 }),
        lastValueFrom(client.topic('a'), { defaultValue: undefined }),
      ])
      expect(outcomes.map(({ status }) => status)).toEqual(password === CANARY ? ['fulfilled', 'fulfilled'] : ['rejected', 'rejected'])
      told.push(client, ...outcomes.map(outcome => (outcome.status === 'rejected' ? outcome.reason : outcome.value)))
      await client.close()
    }
    expect(told.length).toBeGreaterThan(10)
    expectNoSecret(CANARY, ...told)
  })
})
