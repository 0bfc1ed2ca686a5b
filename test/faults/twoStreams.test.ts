import { setTimeout as wait } from 'node:timers/promises'
import { type AlertStream, type Delivery, handle } from 'igwn-alert-rx'
import { type ExpectStatic, it } from 'vitest'
import { uniqueName } from '../bed/bedClient.ts'
import { sharedBed } from '../bed/shared.ts'
import { figure } from './support/figures.ts'
import { type MemberState, membersOf, partitionsOf } from './support/groupState.ts'
import { FAULTLESS, Ledger, told } from './support/ledger.ts'
import { length } from './support/length.ts'
import { Pace } from './support/pace.ts'
import { now, seconds } from './support/time.ts'
import { Watched } from './support/watched.ts'

const PARTITIONS = 4
/** Alerts a second of each topic. */
const PACE = 40
/** How long alerts flow between two changes, ms. */
const FLOW = length({ short: 1500, full: 15_000 })

const soon = { timeout: 30_000 }

/** A topic that alerts flow into, and what became of them. */
interface Flow {
  readonly topic: string
  readonly ledger: Ledger
  readonly pace: Pace
}

/** What a member subscribes to and holds. */
type Share = Omit<MemberState, 'memberId'>

const all = ({ topic }: Flow): Share => ({ subscribes: [topic], holds: partitionsOf(topic, PARTITIONS) })
const both = (one: Flow, other: Flow): Share => ({ subscribes: [one.topic, other.topic], holds: [...all(one).holds, ...all(other).holds] })
const half = (flow: Flow, n: 0 | 1): Share => ({ ...all(flow), holds: all(flow).holds.slice(2 * n, 2 * n + 2) })

/** Topics of one prefix and a consumer group of its own: the cases run side by side, for most of their time is waiting. */
class Rig implements AsyncDisposable {
  readonly bed = sharedBed()
  readonly prefix = uniqueName('streams')
  readonly group = uniqueName('streams')
  readonly #address = this.bed.brokers[0]!.plaintext
  readonly #expect: ExpectStatic
  readonly #flows: Flow[] = []
  readonly #clients: Watched[] = []

  constructor(expect: ExpectStatic) {
    this.#expect = expect
  }

  watch(): Watched {
    const times = { sessionTimeout: 6000, heartbeatInterval: 500, refresh: 500 }
    const watched = new Watched(this.#address, { group: this.prefix, consumerGroup: this.group, from: 'earliest', ...times })
    this.#clients.push(watched)
    return watched
  }

  async flow(name: string): Promise<Flow> {
    const [topic, ledger] = [`${this.prefix}.${name}`, new Ledger()]
    await this.bed.createTopic(topic, { partitions: PARTITIONS })
    const where = { brokers: [this.#address], topic, partitions: PARTITIONS }
    const flow = { topic, ledger, pace: await Pace.start({ ...where, perSecond: PACE, ledgers: [ledger] }) }
    this.#flows.push(flow)
    return flow
  }

  /** Resolves when the broker knows exactly these members, in the order of what they hold. */
  async untilShared(...shares: readonly Share[]): Promise<void> {
    const known = async (): Promise<Share[]> => {
      const members = await membersOf(this.#address, this.group)
      return members.map(({ subscribes, holds }) => ({ subscribes, holds })).sort((a, b) => (String(a.holds) < String(b.holds) ? -1 : 1))
    }
    await this.#expect.poll(known, soon).toEqual(shares)
  }

  /** Alerts flow as they are now for a while. */
  async untilFlows(...flows: readonly Flow[]): Promise<void> {
    const from = flows.map(({ ledger }) => ledger.arrived)
    await wait(FLOW)
    await this.#expect.poll(() => flows.every(({ ledger }, i) => ledger.arrived > from[i]! + PARTITIONS), soon).toBe(true)
  }

  /** How many records of it the group has committed. */
  async committed({ topic }: Flow): Promise<number> {
    return (await this.bed.committed(this.group, topic)).reduce((sum, offset) => sum + Math.max(0, offset), 0)
  }

  /** Nothing more is sent; what was is there once, in order, and committed. */
  async settle(...flows: readonly Flow[]): Promise<void> {
    await Promise.all(flows.map(({ pace }) => pace.stop()))
    for (const flow of flows) {
      await this.#expect.poll(() => this.committed(flow), soon).toBe(flow.ledger.acknowledged)
      this.#expect(flow.ledger.verdict()).toMatchObject(FAULTLESS)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#clients.map(({ client }) => client.close()))
    await Promise.all(this.#flows.map(({ pace }) => pace.stop()))
  }
}

/** Writes down what comes; what is of another topic is no record of this flow. */
function follow(stream: AlertStream<Delivery>, { topic, ledger }: Flow): { readonly strangers: readonly string[] } {
  const strangers: string[] = []
  const note = async ({ fullTopic, partition, offset }: Delivery): Promise<void> => {
    if (fullTopic === topic) ledger.got(partition, offset)
    else strangers.push(fullTopic)
  }
  stream.pipe(handle(note)).subscribe({ error: error => strangers.push(String(error)) })
  return { strangers }
}

it.concurrent('two streams of one client in one group: each gets its own, also by the broker', async ({ expect }) => {
  await using rig = new Rig(expect)
  const [first, second] = [await rig.flow('first'), await rig.flow('second')]
  const followed = ({ client }: Watched) => [follow(client.topic('first'), first), follow(client.topic('second'), second)]
  const alone = followed(rig.watch())
  await rig.untilShared(all(first), all(second))
  await rig.untilFlows(first, second)
  const other = rig.watch()
  const further = followed(other)
  await rig.untilShared(half(first, 0), half(first, 1), half(second, 0), half(second, 1))
  await rig.untilFlows(first, second)
  await other.client.close()
  await rig.untilShared(all(first), all(second))
  await rig.untilFlows(first, second)
  await rig.settle(first, second)
  for (const { strangers } of [...alone, ...further]) expect(strangers).toEqual([])
  figure(
    'twoStreams',
    'two streams of one client, another client with both joins and leaves',
    `each has its own topic alone, by the broker too; ${told(first.ledger.verdict())}, ${told(second.ledger.verdict())}`,
  )
})

it.concurrent('a topic added, removed while its record is at work, and added again: nothing is lost', async ({ expect }) => {
  await using rig = new Rig(expect)
  const [first, second] = [await rig.flow('first'), await rig.flow('second')]
  const { client } = rig.watch()
  let [gate, atGate] = [Promise.resolve(), 0]
  client.subscribe('first')
  const listener = client.listen(async (topic, _payload, { partition, offset }) => {
    if (topic === 'first') {
      atGate++
      await gate
      atGate--
    }
    const { ledger } = topic === 'first' ? first : second
    ledger.got(partition, offset)
  })
  await rig.untilShared(all(first))
  await rig.untilFlows(first)

  client.subscribe('second')
  await rig.untilShared(both(first, second))
  await rig.untilFlows(first, second)

  let open = (): void => {}
  gate = new Promise(resolve => {
    open = resolve
  })
  await expect.poll(() => atGate, soon).toBe(1)
  const begun = now()
  client.unsubscribe('first')
  await wait(1000) // the work goes on for longer than the change takes
  open()
  await rig.untilShared(all(second))
  const changed = now() - begun
  const handled = first.ledger.arrived
  expect(await rig.committed(first)).toBe(handled)
  await rig.untilFlows(second)
  expect(first.ledger.arrived).toBe(handled)

  client.subscribe('first')
  await rig.untilShared(both(first, second))
  await rig.untilFlows(first, second)
  await rig.settle(first, second)
  expect(listener.errors).toBe(0)
  figure(
    'twoStreams',
    'a topic added, removed while its record is at work for 1 s, added again',
    `${handled} of ${handled} handled before are committed, removed after ${seconds(changed)}; ${told(first.ledger.verdict())}; ` +
      `the other topic ${told(second.ledger.verdict())}, longest silence ${seconds(second.ledger.verdict().silence)}`,
  )
})

it.concurrent('the last topic of a member removed: the other member gets its partitions', async ({ expect }) => {
  await using rig = new Rig(expect)
  const first = await rig.flow('first')
  const listen = (): Watched => {
    const watched = rig.watch()
    watched.client.subscribe('first')
    watched.client.listen((_topic, _payload, { partition, offset }) => first.ledger.got(partition, offset))
    return watched
  }
  const [one] = [listen(), listen()]
  await rig.untilShared(half(first, 0), half(first, 1))
  await rig.untilFlows(first)
  one.client.unsubscribe('first')
  await rig.untilShared({ subscribes: [], holds: [] }, all(first))
  await rig.untilFlows(first)
  one.client.subscribe('first')
  await rig.untilShared(half(first, 0), half(first, 1))
  await rig.untilFlows(first)
  await rig.settle(first)
  figure('twoStreams', 'the last topic of one of two members removed, added again', told(first.ledger.verdict()))
})

it.concurrent('all topics of a prefix: one that is created later comes from its beginning, one that is deleted takes none along', async ({
  expect,
}) => {
  await using rig = new Rig(expect)
  const first = await rig.flow('first')
  const watched = rig.watch()
  const flows = [first]
  watched.client
    .topics()
    .pipe(handle(async ({ fullTopic, partition, offset }) => flows.find(({ topic }) => topic === fullTopic)?.ledger.got(partition, offset)))
    .subscribe()
  await rig.untilShared(all(first))
  await rig.untilFlows(first)
  const second = await rig.flow('second')
  const created = now()
  flows.push(second)
  await rig.untilShared(both(first, second))
  await rig.untilFlows(first, second)
  const pickedUp = second.ledger.nextAfter(created)
  await rig.settle(second)
  await rig.bed.deleteTopic(second.topic)
  await rig.untilShared(all(first))
  await rig.untilFlows(first)
  await rig.settle(first)
  expect(watched.of('refused').map(({ topic, error }) => [topic, error.code])).toEqual([[second.topic, 'ALERT_TOPIC_UNKNOWN']])
  figure(
    'twoStreams',
    'all topics of a prefix (refresh 0.5 s), one created later, then deleted',
    `read ${seconds(pickedUp)} after its creation, ${told(second.ledger.verdict())}; the other ${told(first.ledger.verdict())}, ` +
      `longest silence ${seconds(first.ledger.verdict().silence)}`,
  )
})
