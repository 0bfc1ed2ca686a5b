import { Checkpoint, type ClientOptions, Cursor } from 'igwn-alert-rx'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type BedClient, uniqueName } from '../bed/bedClient.ts'
import { startProxy } from '../bed/proxy.ts'
import { rewriteAddresses } from '../bed/rewrite.ts'
import { sharedBed } from '../bed/shared.ts'
import { deleteGroup } from './support/deleteGroup.ts'
import { figure } from './support/figures.ts'
import { seconds } from './support/time.ts'
import { alerts, type Heard, hear, range, Watched } from './support/watched.ts'

/** How long a change may take to be noticed: a few looks at the topics. */
const soon = { timeout: 15_000 }

let bed: BedClient
let topic: string
beforeAll(() => {
  bed = sharedBed()
})
beforeEach(() => {
  topic = uniqueName('change')
})

/** Looks at its topics twice a second. */
const watch = (options: ClientOptions = {}): Watched => new Watched(bed.brokers[0]!.plaintext, { refresh: 500, ...options })

const memoryStore = () => {
  let kept: string | undefined
  return {
    load: async () => kept,
    save: async (cursor: string) => {
      kept = cursor
    },
  }
}

/** All of `expected` came, in this order; the marker, sent last, shows that nothing comes twice behind it. */
async function expectExactly({ got, errors }: Heard, expected: readonly number[], partition = 0): Promise<void> {
  await expect.poll(() => new Set(got).size, soon).toBeGreaterThanOrEqual(expected.length)
  const marker = 1_000_000
  await bed.produce(topic, alerts(marker, marker + 1), { partition })
  await expect.poll(() => got.at(-1), soon).toBe(marker)
  expect(got).toEqual([...expected, marker])
  expect(errors).toEqual([])
}

describe('a topic deleted and created again', () => {
  const recreated = () => [{ topic, partition: 0, from: 5, to: 5, reason: 'recreated' }]

  async function readFive(watched: Watched, options: ClientOptions = {}): Promise<Heard> {
    await bed.createTopic(topic)
    const heard = hear(watched.client.topic(topic, options))
    await expect.poll(() => watched.of('connected').length, soon).toBeGreaterThan(0)
    await bed.produce(topic, alerts(0, 5))
    await expect.poll(() => heard.got, soon).toEqual(range(0, 5))
    return heard
  }

  it('under a reader that sees it missing: refused, then a gap, and all of the new one', async () => {
    await using watched = watch()
    const heard = await readFive(watched)
    await bed.deleteTopic(topic)
    await expect.poll(() => watched.of('refused'), soon).toMatchObject([{ topic, error: { code: 'ALERT_TOPIC_UNKNOWN' } }])
    await bed.createTopic(topic)
    const from = performance.now()
    await bed.produce(topic, alerts(5, 13))
    await expectExactly(heard, range(0, 13))
    expect(watched.of('gap')).toMatchObject(recreated())
    expect(watched.logged.warn.join('\n')).toContain(`gap in ${topic}[0]`)
    figure('topicsChange', 'deleted and created again, reader alive', `said, 0 of 8 lost, 0 doubled, read within ${since(from)}`)
  })

  it('at once, with a longer log: a gap, and all of the new one from its beginning', async () => {
    await using watched = watch()
    const heard = await readFive(watched)
    await bed.deleteTopic(topic)
    await bed.createTopic(topic)
    await bed.produce(topic, alerts(5, 15))
    await expectExactly(heard, range(0, 15))
    expect(watched.of('gap')).toMatchObject(recreated())
  })

  it("onGap: 'error' ends the stream with where", async () => {
    await using watched = watch()
    const heard = await readFive(watched, { onGap: 'error' })
    await bed.deleteTopic(topic)
    await bed.createTopic(topic)
    await expect.poll(() => heard.errors, soon).toMatchObject([{ code: 'ALERT_GAP', fatal: true }])
    expect(watched.of('gap')).toMatchObject(recreated())
    expect(heard.got).toEqual(range(0, 5))
  })

  it.each(['a Checkpoint', 'a Cursor'] as const)('while its reader is away, which comes back with %s', async kind => {
    const store = memoryStore()
    {
      await using before = watch()
      await readFive(before, { from: new Checkpoint('latest', store) })
    }
    const cursor = Cursor.parse((await store.load())!)
    expect(cursor.offset(topic, 0)).toBe(5)
    await bed.deleteTopic(topic)
    await bed.createTopic(topic)
    await bed.produce(topic, alerts(5, 15))
    await using watched = watch()
    const heard = hear(watched.client.topic(topic, { from: kind === 'a Cursor' ? cursor : new Checkpoint('latest', store) }))
    await expectExactly(heard, range(5, 15))
    expect(watched.of('gap')).toMatchObject(recreated())
    expect(watched.logged.warn.join('\n')).toContain(`gap in ${topic}[0]`)
    figure('topicsChange', `deleted and created again, reader away, back with ${kind}`, 'said, 0 of 10 lost, 0 doubled')
  })
})

describe('partitions added', () => {
  it('to a topic that is read from latest: the new ones from their beginning', async () => {
    await bed.createTopic(topic)
    await using watched = watch()
    const heard = hear(watched.client.topic(topic))
    await expect.poll(() => watched.of('connected').length, soon).toBe(1)
    await bed.produce(topic, alerts(0, 5))
    await expect.poll(() => heard.got, soon).toEqual(range(0, 5))
    await bed.addPartitions(topic, 3)
    for (const partition of [1, 2]) await bed.produce(topic, alerts(partition * 10, partition * 10 + 10), { partition })
    const from = performance.now()
    await expect.poll(() => heard.got.length, soon).toBeGreaterThanOrEqual(25)
    for (const partition of [0, 1, 2]) await bed.produce(topic, alerts(100 + partition, 101 + partition), { partition })
    await expect.poll(() => heard.got.length, soon).toBeGreaterThanOrEqual(28)
    expect([...heard.got].sort((a, b) => a - b)).toEqual([...range(0, 5), ...range(10, 30), 100, 101, 102])
    expect(heard.got.filter(n => n >= 10 && n < 20)).toEqual(range(10, 20))
    expect(watched.of('positioned').at(-1)?.positions).toMatchObject([
      { topic, partition: 1, offset: 0 },
      { topic, partition: 2, offset: 0 },
    ])
    expect(watched.of('gap')).toEqual([])
    figure('topicsChange', 'partitions added', `0 of 20 lost, 0 doubled, read within ${since(from)} (looked at every 0.5 s)`)
  })
})

describe('retention passes the position', () => {
  /** A cursor at 5 of a log that holds 12 .. 19. */
  async function passed(): Promise<Cursor> {
    await bed.createTopic(topic)
    await bed.produce(topic, alerts(0, 5))
    await using before = watch()
    const cursor = await before.client.cursor([topic])
    await bed.produce(topic, alerts(5, 20))
    await bed.deleteRecords(topic, 0, 12)
    return cursor
  }

  it('of a reader that was away: a gap, and all that the log still has', async () => {
    const from = await passed()
    await using watched = watch()
    const heard = hear(watched.client.topic(topic, { from }))
    await expectExactly(heard, range(12, 20))
    expect(watched.of('gap')).toMatchObject([{ topic, partition: 0, from: 5, to: 12, reason: 'offset-lost' }])
    expect(watched.logged.warn.join('\n')).toContain(`gap in ${topic}[0], from offset 5 to 12`)
    figure('topicsChange', 'retention passes the cursor of a reader that is away', 'said from where to where, 0 of 8 lost that the log has')
  })

  it("with onOffsetLost: 'latest' the gap reaches to the end", async () => {
    const from = await passed()
    await using watched = watch()
    const heard = hear(watched.client.topic(topic, { from, onOffsetLost: 'latest' }))
    await expect.poll(() => watched.of('gap'), soon).toMatchObject([{ topic, partition: 0, from: 5, to: 20, reason: 'offset-lost' }])
    await expectExactly(heard, [])
  })

  it("with onOffsetLost: 'error' the stream ends with what the log has", async () => {
    const from = await passed()
    await using watched = watch()
    const heard = hear(watched.client.topic(topic, { from, onOffsetLost: 'error' }))
    await expect.poll(() => heard.errors, soon).toMatchObject([{ code: 'ALERT_OFFSET_RANGE', fatal: true }])
    expect(heard.got).toEqual([])
  })

  it('of a reader whose handler is slow: what was fetched comes, the rest is said, to the record', async () => {
    await bed.createTopic(topic, { config: { 'max.message.bytes': 2_000_000 } })
    for (const alert of alerts(0, 40, 900_000)) await bed.produce(topic, [alert])
    await using watched = watch({ from: 'earliest', maxUnhandled: { records: 1 } })
    let goOn = (): void => {}
    const gate = new Promise<void>(resolve => {
      goOn = resolve
    })
    const heard = hear(watched.client.topic(topic), () => gate)
    await expect.poll(() => heard.got, soon).toEqual([0])
    await bed.deleteRecords(topic, 0, 35)
    goOn()
    await expect.poll(() => watched.of('gap').length, soon).toBe(1)
    const { from, to } = watched.of('gap')[0]!
    expect(to).toBe(35)
    expect(from).toBeGreaterThan(0)
    await expectExactly(heard, [...range(0, from), ...range(35, 40)])
    figure(
      'topicsChange',
      'retention passes a slow reader',
      `${from} of 40 had been fetched and came, ${to - from} said as a gap, 5 came after it`,
    )
  })
})

describe('a topic created later', () => {
  it("is waited for with missing: 'wait', and read from its beginning", async () => {
    await using watched = watch({ missing: 'wait' })
    const heard = hear(watched.client.topic(topic))
    await expect.poll(() => watched.of('refused'), soon).toMatchObject([{ topic, error: { code: 'ALERT_TOPIC_UNKNOWN' } }])
    await bed.createTopic(topic)
    await bed.produce(topic, alerts(0, 5))
    const from = performance.now()
    await expectExactly(heard, range(0, 5))
    expect(watched.of('gap')).toEqual([])
    figure('topicsChange', "created later, missing: 'wait'", `0 of 5 lost, read within ${since(from)} (looked at every 0.5 s)`)
  })

  it('is waited for beside one that is there', async () => {
    const there = uniqueName('there')
    await bed.createTopic(there)
    await using watched = watch()
    const heard = hear(watched.client.topics([there, topic]))
    await expect.poll(() => watched.of('connected').length, soon).toBe(1)
    await bed.produce(there, alerts(-1, 0))
    await expect.poll(() => heard.got, soon).toEqual([-1])
    await bed.createTopic(topic)
    await bed.produce(topic, alerts(0, 5))
    await expectExactly(heard, range(-1, 5))
  })

  it('is picked up by a stream of every topic of the group', async () => {
    const group = uniqueName('later')
    await bed.createTopic(`${group}.first`)
    await using watched = watch({ group })
    const heard = hear(watched.client.topics())
    await expect.poll(() => watched.of('connected').length, soon).toBe(1)
    topic = `${group}.second`
    await bed.createTopic(topic)
    await bed.produce(topic, alerts(0, 5))
    await bed.createTopic(`x${topic}`)
    await bed.produce(`x${topic}`, alerts(100, 105))
    await expectExactly(heard, range(0, 5))
    expect(watched.statuses.at(-1)?.topics).toEqual([`${group}.first`, topic])
  })
})

describe('in a consumer group', () => {
  const SESSION = 6000
  let group: string
  beforeEach(() => {
    group = uniqueName('change')
  })
  const join = (address = bed.brokers[0]!.plaintext): Watched =>
    new Watched(address, { refresh: 500, from: 'earliest', consumerGroup: group, sessionTimeout: SESSION, heartbeatInterval: 500 })
  const committed = (): Promise<number[]> => bed.committed(group, topic)

  /** 0 .. 4 are there, handled and committed. */
  async function begin(watched: Watched): Promise<Heard> {
    await bed.createTopic(topic)
    await bed.produce(topic, alerts(0, 5))
    const heard = hear(watched.client.topic(topic))
    await expect.poll(committed, soon).toEqual([5])
    return heard
  }

  it('a topic deleted and created again under its reader: a gap, and all of the new one, committed as its own', async () => {
    await using watched = join()
    const heard = await begin(watched)
    await bed.deleteTopic(topic)
    await bed.createTopic(topic)
    await bed.produce(topic, alerts(5, 8))
    await expectExactly(heard, range(0, 8))
    expect(watched.of('gap')).toMatchObject([{ topic, partition: 0, from: 5, reason: 'recreated' }])
    await expect.poll(committed, soon).toEqual([4]) // 5, 6, 7 and the marker
    figure('topicsChange', 'deleted and created again, in a group', 'said, 0 of 3 lost, 0 doubled, committed anew')
  })

  it('a topic deleted and created again while its reader is away: all of the new one', async () => {
    {
      await using before = join()
      await begin(before)
    }
    await bed.deleteTopic(topic)
    await bed.createTopic(topic)
    await bed.produce(topic, alerts(5, 15))
    await using watched = join()
    await expectExactly(hear(watched.client.topic(topic)), range(5, 15))
    expect(watched.logged.warn.join('\n')).toContain(`the group ${group} has no committed offset of ${topic}[0]`) // Kafka deleted it
  })

  it('partitions added: the new ones from their beginning', async () => {
    await using watched = join()
    const heard = await begin(watched)
    await bed.addPartitions(topic, 3)
    for (const partition of [1, 2]) await bed.produce(topic, alerts(partition * 10, partition * 10 + 10), { partition })
    const from = performance.now()
    await expect.poll(committed, soon).toEqual([5, 10, 10])
    figure('topicsChange', 'partitions added, in a group', `0 of 20 lost, 0 doubled, read within ${since(from)} (looked at every 0.5 s)`)
    expect([...heard.got].sort((a, b) => a - b)).toEqual([...range(0, 5), ...range(10, 30)])
    expect(watched.of('gap')).toEqual([])
  })

  it('retention passes what was committed: a gap, and all that the log still has', async () => {
    {
      await using before = join()
      await begin(before)
    }
    await bed.produce(topic, alerts(5, 20))
    await bed.deleteRecords(topic, 0, 12)
    await using watched = join()
    await expectExactly(hear(watched.client.topic(topic)), range(12, 20))
    expect(watched.of('gap')).toMatchObject([{ topic, partition: 0, from: 5, to: 12, reason: 'offset-lost' }])
  })

  it('offsets deleted while nobody is there: a new group, said where it starts', async () => {
    {
      await using before = join()
      await begin(before)
    }
    await deleteGroup(bed.brokers[0]!.plaintext, group)
    await using watched = join()
    await expectExactly(hear(watched.client.topic(topic)), range(0, 5))
    expect(watched.of('positioned')).toMatchObject([{ positions: [{ topic, partition: 0, offset: 0 }] }])
    expect(watched.logged.warn.join('\n')).toContain(`the group ${group} has no committed offset of ${topic}[0]`)
    figure('topicsChange', 'group offsets deleted, reader away', "said, 0 of 5 lost (from: 'earliest')")
  })

  it('offsets deleted while its member was cut off: it goes on where it knows that it was, and says so', async () => {
    const target = bed.brokers[0]!.plaintext
    await using proxy = await startProxy(target)
    proxy.onResponse = rewriteAddresses({ [target]: proxy.address })
    await using watched = join(proxy.address)
    const heard = await begin(watched)
    proxy.blackhole(true)
    await deleteGroup(target, group) // once its session is over
    await bed.produce(topic, alerts(5, 10))
    proxy.blackhole(false)
    await expect.poll(committed, soon).toEqual([10])
    const { got, errors } = heard
    expect(watched.logged.warn.join('\n')).toContain('what the group had committed is gone. It goes on at offset 5')
    // Those may have come before it heard that its session was over: too late for a commit, so they come again.
    expect([got.slice(0, 5), [...new Set(got)]]).toEqual([range(0, 5), range(0, 10)])
    expect(errors).toEqual([])
    figure(
      'topicsChange',
      'group offsets deleted while the member was cut off',
      `said, 0 of 10 lost, ${got.length - 10} doubled (handled when the session was over already)`,
    )
  })
})

const since = (from: number): string => seconds(performance.now() - from)
