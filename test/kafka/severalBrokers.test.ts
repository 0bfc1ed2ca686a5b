/** docs/several-servers.md on two brokers of its own, of which one is killed. */
import { alertKey, decode, dedupe, handle, IgwnAlertClient, orderByTime, parseJson, type Status, silentLogger } from 'igwn-alert-rx'
import { type SampleAlert, sampleAlerts } from 'igwn-alert-rx/testing'
import { merge, tap } from 'rxjs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { uniqueName } from '../bed/bedClient.ts'
import { type KafkaBed, startKafka } from '../bed/kafka.ts'
import { hopWrite } from '../bed/peerPrograms.ts'
import { until } from '../bed/run.ts'

/** ms that a timer may be late on a busy machine. */
const SLACK = 1_000

/** One of two servers. */
interface Side {
  readonly bed: KafkaBed
  readonly client: IgwnAlertClient
  readonly statuses: Status[]
}

describe('two brokers as one stream', () => {
  let beds: KafkaBed[]
  let topic: string
  let consumerGroup: string
  let first: Side
  let second: Side

  beforeAll(async () => {
    beds = await Promise.all([startKafka(), startKafka()])
  })
  afterAll(() => Promise.all(beds.map(bed => bed.close())))

  beforeEach(async () => {
    topic = uniqueName('igwn.gwalert')
    consumerGroup = uniqueName('pager')
    await Promise.all(beds.map(bed => bed.createTopic(topic)))
    ;[first, second] = beds.map(sideOf) as [Side, Side]
  })
  afterEach(() => Promise.all([first, second].map(({ client }) => client.close())))

  function sideOf(bed: KafkaBed): Side {
    const client = new IgwnAlertClient({
      server: `kafka://${bed.brokers[0]!.plaintext}/`,
      noauth: true,
      group: null,
      consumerGroup,
      heartbeatInterval: 200,
      logger: silentLogger,
      retryOnFatal: true,
      listenRetries: Number.POSITIVE_INFINITY,
      retryWait: 1_000,
      connectTimeout: 3_000,
    })
    const statuses: Status[] = []
    client.status$.subscribe(status => statuses.push(status))
    return { bed, client, statuses }
  }
  const both = () => merge(first.client.topic(topic), second.client.topic(topic))
  const count = ({ statuses }: Side, type: Status['type']): number => statuses.filter(status => status.type === type).length
  const untilPositioned = () => until(() => [first, second].every(side => count(side, 'positioned') > 0), 'they are not connected')

  it('an alert that comes as Avro from one and as JSON from the other is handled once, and committed at both', async () => {
    const alerts = sampleAlerts(['EARLYWARNING', 'PRELIMINARY', 'INITIAL', 'RETRACTION'])
    const got: string[] = []
    const errors: unknown[] = []
    both()
      .pipe(
        decode<SampleAlert | readonly [SampleAlert]>(),
        dedupe({ key: alertKey }),
        handle(async ({ payload }) => {
          const [alert] = [payload].flat() as SampleAlert[]
          got.push(`${alert?.superevent_id} ${alert?.alert_type} ${alert?.event?.far ?? 'withdrawn'}`)
        }),
      )
      .subscribe({ error: error => errors.push(error) })
    await untilPositioned()
    const [early, ...others] = alerts
    await Promise.all([
      hopWrite(
        first.bed.access(),
        topic,
        others.map(alert => ({ format: 'avro', content: [alert] })),
      ),
      hopWrite(
        second.bed.access(),
        topic,
        alerts.map(content => ({ content })),
      ),
    ])
    const committed = async (): Promise<string> =>
      (await Promise.all([first, second].map(({ bed }) => bed.committed(consumerGroup, topic)))).join(' ')
    await until(async () => (await committed()) === '3 4', 'not all is committed')
    const nameOf = ({ superevent_id, alert_type, event }: SampleAlert): string =>
      `${superevent_id} ${alert_type} ${event?.far ?? 'withdrawn'}`
    expect(early && got.includes(nameOf(early))).toBe(true)
    expect(got.toSorted()).toEqual(alerts.map(nameOf).toSorted())
    expect(errors).toEqual([])
  })

  it('one is killed: alerts of the other go on in order of time, none held back longer than `within`; then both go on', async () => {
    const within = 2_000
    const cameAt = new Map<number, number>()
    const went: { time: number; held: number }[] = []
    const errors: unknown[] = []
    both()
      .pipe(
        parseJson<number>(),
        tap(({ payload }) => cameAt.set(payload, performance.now())),
        orderByTime({ within, time: ({ payload }) => payload }),
        handle(async ({ payload }) => void went.push({ time: payload, held: performance.now() - cameAt.get(payload)! })),
      )
      .subscribe({ error: error => errors.push(error) })
    await untilPositioned()

    const published: number[] = []
    /** Ten times of the wall clock, dealt out to the sides in turn. */
    const round = async (...sides: readonly Side[]): Promise<void> => {
      const begun = Date.now()
      const times = Array.from({ length: 10 }, (_, n) => begun + n - 10)
      const ownOf = (nth: number): string[] => times.filter((_, n) => n % sides.length === nth).map(String)
      await Promise.all(sides.map(({ bed }, nth) => bed.produce(topic, ownOf(nth))))
      published.push(...times)
      await until(() => went.length >= published.length, 'not all came')
    }
    await round(first, second)
    await first.bed.kill(0)
    await until(() => count(first, 'reconnecting') > 0, 'nobody said that the broker is gone')
    for (let n = 0; n < 3; n++) await round(second)
    await first.bed.start(0)
    await round(first)
    await round(first, second)

    expect(went.map(({ time }) => time)).toEqual(published)
    const longest = Math.max(...went.map(({ held }) => held))
    expect(longest).toBeGreaterThan(within / 2)
    expect(longest).toBeLessThan(within + SLACK)
    expect(errors).toEqual([])
    expect([count(second, 'reconnecting'), count(second, 'closed'), count(first, 'gap')]).toEqual([0, 0, 0])
  })

  it('one that is away at the start, for longer than connectTimeout, does not keep the other from being read, and is read once it is there', async () => {
    await first.bed.kill(0)
    const got: string[] = []
    const errors: unknown[] = []
    const address = first.bed.brokers[0]!.plaintext
    both()
      .pipe(handle(async ({ server }) => got.push(server === address ? 'first' : 'second')))
      .subscribe({ error: error => errors.push(error) })
    await until(() => count(second, 'positioned') > 0, 'the other is not connected')
    await until(() => count(first, 'closed') > 0, 'it was not given up for a while')
    await second.bed.produce(topic, ['1'])
    await until(() => got.length === 1, 'the alert of the other did not come')
    await first.bed.start(0)
    await first.bed.produce(topic, ['2'])
    await until(() => got.length === 2, 'the alert of the one that was away did not come')
    expect([got, errors]).toEqual([['second', 'first'], []])
  })
})
