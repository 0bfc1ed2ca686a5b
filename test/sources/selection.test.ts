import { Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { handle } from '../../src/operators/handle.ts'
import { LiveReadings } from '../../src/sources/LiveReadings.ts'
import { MemoryTransport } from '../../src/transports/memory/MemoryTransport.ts'
import { groupOf, Heard, NOTHING_LEFT, Rig, type StreamSetup, textOf } from './rig.ts'

const MINUTE = 60_000

/** Topics that a test changes while they are read. */
class Selection {
  readonly changed$ = new Subject<void>()
  #topics: readonly string[]

  constructor(topics: readonly string[]) {
    this.#topics = topics
  }

  readonly names = (): readonly string[] => this.#topics

  get setup(): StreamSetup {
    return { changed$: this.changed$, names: this.names }
  }

  become(...topics: string[]): void {
    this.#topics = topics
    this.changed$.next()
  }
}

const holding = (topics: Readonly<Record<string, readonly (string | number)[]>>): Rig => {
  const rig = new Rig()
  for (const [topic, values] of Object.entries(topics)) {
    rig.log.createTopic(topic)
    rig.append(topic, values)
  }
  return rig
}

describe('the topics of a running stream', () => {
  it.each([
    ['earliest', ['1', '2', '3']],
    ['latest', ['3']],
  ] as const)("start where from: '%s' says at the moment they are added", async (from, expected) => {
    const rig = holding({ t: [], u: [1] })
    const selection = new Selection(['t'])
    const heard = rig.hear({ ...selection.setup, from })
    await rig.clock.advance(20_000)
    rig.append('u', [2])
    await rig.clock.advance(1_000)
    selection.become('t', 'u')
    await rig.settle()
    rig.append('u', [3])
    await rig.settle()
    expect(heard.got).toEqual(expected)
  })

  it('are added at that moment also when the server is away: what comes until it is back is read', async () => {
    const rig = holding({ t: [], u: ['6 min before'] })
    const selection = new Selection(['t'])
    const heard = rig.hear({ ...selection.setup, from: 'latest' })
    await rig.clock.advance(6 * MINUTE)
    rig.transport.goOffline()
    await rig.settle()
    selection.become('t', 'u')
    await rig.clock.advance(MINUTE)
    rig.append('u', ['meanwhile'])
    await rig.clock.advance(MINUTE)
    rig.transport.goOnline()
    await rig.clock.advance(MINUTE)
    expect(heard.got).toEqual(['meanwhile'])
  })

  it('are looked at again soon when they could not be at once, until they could', async () => {
    const rig = holding({ t: [], u: [1] })
    const selection = new Selection(['t'])
    const heard = rig.hear(selection.setup)
    await rig.clock.advance(10_000)
    const heal = rig.transport.fail('UNKNOWN_SERVER_ERROR', { at: 'describe', times: Number.POSITIVE_INFINITY })
    selection.become('t', 'u')
    await rig.clock.advance(20_000)
    expect(rig.logged.filter(({ message }) => message.includes('could not be looked at'))).toHaveLength(1)
    heal()
    await rig.clock.advance(2_000)
    expect(heard.got).toEqual(['1'])
    heard.stop()
    await rig.clock.advance(5_000)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('are looked at no more after the end, when they could not be before it', async () => {
    const rig = holding({ t: [], u: [1] })
    const selection = new Selection(['t'])
    const heard = rig.hear(selection.setup)
    await rig.clock.advance(10_000)
    rig.transport.fail('UNKNOWN_SERVER_ERROR', { at: 'describe', times: Number.POSITIVE_INFINITY })
    selection.become('t', 'u')
    await rig.clock.advance(5_000)
    heard.stop()
    await rig.clock.advance(5_000)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('are delivered no more once they are taken out', async () => {
    const rig = holding({ t: [1], u: [2] })
    const selection = new Selection(['t', 'u'])
    const heard = rig.hear(selection.setup)
    await rig.settle()
    selection.become('t')
    await rig.settle()
    rig.append('u', [3])
    rig.append('t', [4])
    await rig.settle()
    expect(heard.got).toEqual(['1', '2', '4'])
  })

  it('start at their new moment when they are taken out and added again', async () => {
    const rig = holding({ t: [], u: [1] })
    const selection = new Selection(['t', 'u'])
    const heard = rig.hear({ ...selection.setup, from: 'latest' })
    await rig.clock.advance(MINUTE)
    selection.become('t')
    await rig.settle()
    rig.append('u', ['unwanted'])
    await rig.clock.advance(MINUTE)
    selection.become('t', 'u')
    await rig.settle()
    rig.append('u', ['wanted'])
    await rig.settle()
    expect(heard.got).toEqual(['wanted'])
  })

  it('are read no more also when they were being looked for at the moment', async () => {
    const rig = new Rig({ latency: 100 })
    for (const topic of ['t', 'u']) rig.log.createTopic(topic)
    rig.append('u', ['unwanted'])
    rig.transport.forbid('u')
    const selection = new Selection(['t', 'u'])
    const heard = rig.hear({ ...selection.setup, times: { refresh: 10_000 } })
    // Connected at 100, described at 200: `u` is looked for again at 10 200, behind the look that begins at 10 150.
    await rig.clock.advance(10_150)
    selection.become('t')
    rig.transport.allow('u')
    await rig.clock.advance(MINUTE)
    expect(heard.got).toEqual([])
  })

  it('let work that has started end, and give back what has not, when they are taken out', async () => {
    const rig = holding({ t: [1, 2], u: [] })
    const selection = new Selection(['t', 'u'])
    const release$ = new Subject<void>()
    const started: string[] = []
    const ended: string[] = []
    rig
      .stream(selection.setup)
      .pipe(
        handle(async record => {
          started.push(textOf(record))
          await new Promise<void>(resolve => release$.subscribe(resolve))
          ended.push(`${textOf(record)}${record.signal.aborted ? ' too late' : ''}`)
        }),
      )
      .subscribe()
    await rig.settle()
    selection.become('u')
    await rig.clock.advance(5_000)
    release$.next()
    await rig.settle()
    expect([started, ended]).toEqual([['1'], ['1']])
  })

  it.each([[[]], [['u']]])('leave their partitions to the other members of the group when they are taken out: %j is left', async left => {
    const rig = holding({ t: [1], u: [] })
    const consumerGroup = groupOf('g')
    const selection = new Selection(['t', ...left])
    const heard = rig.hear({ ...selection.setup, consumerGroup })
    await rig.clock.advance(1_000)
    const transport = new MemoryTransport({ log: rig.log, clock: rig.clock })
    const other = rig.hear({ names: () => ['t'], consumerGroup, transport, live: new LiveReadings() })
    await rig.clock.advance(10_000)
    selection.become(...left)
    await rig.clock.advance(10_000)
    rig.append('t', [2])
    await rig.clock.advance(1_000)
    expect([heard.got, other.got]).toEqual([['1'], ['2']])
    selection.become('t', ...left)
    other.stop()
    await rig.clock.advance(10_000)
    rig.append('t', [3])
    await rig.clock.advance(1_000)
    expect([heard.got, other.got]).toEqual([['1', '3'], ['2']])
  })

  it('count what was done in a topic that was just taken out when the stream ends', async () => {
    const rig = holding({ t: [1], u: [] })
    const selection = new Selection(['t', 'u'])
    const release$ = new Subject<void>()
    const aborted: boolean[] = []
    const heard = new Heard(
      rig.stream(selection.setup).pipe(
        handle(async record => {
          await new Promise<void>(resolve => release$.subscribe(resolve))
          aborted.push(record.signal.aborted)
          return textOf(record)
        }),
      ),
    )
    await rig.settle()
    selection.become('u')
    await rig.settle()
    heard.stop()
    await rig.settle()
    release$.next()
    await rig.settle()
    expect(aborted).toEqual([false])
    expect(rig.left).toEqual(NOTHING_LEFT)
  })
})

describe('the partitions of a running stream', () => {
  it('that are added are read from their beginning, within refresh', async () => {
    const rig = holding({ t: [1] })
    const heard = rig.hear({ from: 'latest' })
    await rig.clock.advance(1)
    rig.log.addPartitions('t', 1)
    rig.append('t', ['new'], 1)
    await rig.clock.advance(MINUTE)
    expect(heard.got).toEqual(['new'])
  })
})

describe('every topic of a group', () => {
  const wholeGroup: StreamSetup = { names: () => undefined, from: 'latest' }

  it('means new ones too, from their beginning, within refresh', async () => {
    const rig = holding({ t: [1] })
    const heard = rig.hear(wholeGroup)
    await rig.clock.advance(10 * MINUTE)
    rig.log.createTopic('u')
    rig.append('u', [2])
    await rig.clock.advance(MINUTE)
    rig.append('u', [3])
    rig.append('t', [4])
    await rig.settle()
    expect(heard.got.sort()).toEqual(['2', '3', '4'])
  })

  it('starts each at the moment of subscribing, when that could not be asked five minutes before it', async () => {
    const rig = holding({ t: ['6 min before'] })
    await rig.clock.advance(2 * MINUTE)
    rig.append('t', ['4 min before'])
    await rig.clock.advance(4 * MINUTE)
    rig.transport.goOffline()
    const heard = rig.hear(wholeGroup)
    await rig.clock.advance(5_000)
    rig.append('t', ['meanwhile'])
    rig.transport.goOnline()
    await rig.clock.advance(3_000)
    expect(heard.got).toEqual(['4 min before', 'meanwhile'])
  })

  it('is an error when there is none, and waits with missing: "wait"', async () => {
    const rig = new Rig()
    const failing = rig.hear({ ...wholeGroup, group: 'gracedb' })
    const waiting = rig.hear({ ...wholeGroup, missing: 'wait' })
    await rig.settle()
    expect(failing.errors).toMatchObject([{ code: 'ALERT_TOPIC_UNKNOWN', fatal: true }])
    expect(String(failing.errors[0])).toMatch(/memory:9092 shows no topic of group gracedb/)
    rig.log.createTopic('t')
    rig.append('t', [1])
    await rig.clock.advance(MINUTE)
    expect(waiting.got).toEqual(['1'])
  })
})
