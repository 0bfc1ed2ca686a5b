import { beforeEach, describe, expect, it } from 'vitest'
import { type BedClient, uniqueName } from '../bed/bedClient.ts'
import { sharedBed } from '../bed/shared.ts'
import { command } from '../cli/child.ts'
import type { WorkerLine, WorkerTask } from './programs/worker.ts'
import { figure } from './support/figures.ts'
import { fill } from './support/fill.ts'
import { length } from './support/length.ts'
import { Program } from './support/program.ts'
import { now, seconds } from './support/time.ts'
import { alerts, range } from './support/watched.ts'

const SESSION = 6000

let bed: BedClient
let topic: string
let consumerGroup: string
beforeEach(() => {
  bed = sharedBed()
  topic = uniqueName('process')
  consumerGroup = uniqueName('process')
})

const start = (task: Partial<WorkerTask> = {}, instanceId?: string): Program<WorkerLine> =>
  new Program('worker', {
    task: {
      client: {
        server: `kafka://${bed.brokers[0]!.plaintext}/`,
        noauth: true,
        consumerGroup,
        from: 'earliest',
        sessionTimeout: SESSION,
        heartbeatInterval: 500,
        instanceId,
      },
      topic,
      work: 50,
      concurrency: 1,
      endsBy: 'close',
      ...task,
    } satisfies WorkerTask,
  })

/** `partition@offset` of what it began, or handled, in this order. */
const places = ({ lines }: Program<WorkerLine>, type: 'begun' | 'handled'): string[] =>
  lines.flatMap(line => (line.type === type ? [`${line.partition}@${line.offset}`] : []))

const handledBy = (program: Program<WorkerLine>, count: number): Promise<WorkerLine> =>
  program.line(() => places(program, 'handled').length >= count)

const failures = ({ lines }: Program<WorkerLine>): WorkerLine[] => lines.filter(({ type }) => type === 'failed')

describe.each([
  { name: 'without instanceId', instanceId: undefined, within: SESSION + 5000 },
  { name: 'with instanceId', instanceId: 'pager', within: 5000 },
])('killed in the middle of handle, started again at once, $name', ({ name, instanceId, within }) => {
  it(`goes on within ${within} ms with what was not handled or not committed`, async () => {
    const records = 80
    await bed.createTopic(topic)
    await bed.produce(topic, alerts(0, records))
    const times: number[] = []
    const handled = new Set<string>()
    let again = 0
    let worker = start({}, instanceId)
    for (const killAt of length({ short: [20], full: [20, 40, 60] })) {
      await worker.line(line => line.type === 'begun' && line.offset === killAt)
      await worker.end('SIGKILL')
      const killed = now()
      const committed = (await bed.committed(consumerGroup, topic))[0]!
      for (const place of places(worker, 'handled')) handled.add(place)
      // The one under way, and the one whose commit may have been under way.
      expect(committed).toBeGreaterThanOrEqual(killAt - 1)
      expect(committed).toBeLessThanOrEqual(killAt)
      again += killAt + 1 - committed

      worker = start({}, instanceId)
      const first = await worker.line(({ type }) => type === 'begun', within + 10_000)
      times.push(first.at - killed)
      expect(first).toMatchObject({ offset: committed })
    }
    await worker.line(line => line.type === 'handled' && line.offset === records - 1)
    await worker.end('SIGTERM')
    for (const place of places(worker, 'handled')) handled.add(place)
    figure(
      'processKilled',
      `kill -9 in the middle of handle, ${name}`,
      `0 of ${records} lost, ${again} begun again, next alert ${times.map(seconds).join(', ')} after the kill, the start of the process included`,
    )
    expect([...handled].sort()).toEqual(
      range(0, records)
        .map(n => `0@${n}`)
        .sort(),
    )
    expect(Math.max(...times)).toBeLessThan(within)
  })
})

describe('SIGTERM in the middle of 1000', () => {
  const COUNT = 1000
  const PARTITIONS = 3

  beforeEach(async () => {
    await bed.createTopic(topic, { partitions: PARTITIONS })
  })

  it.each(['close', 'signal'] as const)('a program that ends by %s', async endsBy => {
    await fill(bed.brokers[0]!.plaintext, topic, COUNT, 10_000, PARTITIONS)
    await using first = start({ work: endsBy === 'close' ? 5 : 40, concurrency: 4, endsBy })
    await handledBy(first, 100)
    const asked = now()
    expect(await first.end('SIGTERM')).toEqual({ code: 0, signal: null })
    const ended = first.lines.find(({ type }) => type === 'ended')!
    expect(ended.at - asked).toBeLessThan(3000)
    const before = places(first, 'handled')
    const unfinished = places(first, 'begun').filter(place => !before.includes(place))
    if (endsBy === 'close') expect(unfinished).toEqual([])
    expect(before.length).toBeLessThan(COUNT)

    await using second = start({ work: 0, concurrency: 4 })
    await second.line(({ type }) => type === 'begun', 15_000)
    const back = second.lines.find(({ type }) => type === 'begun')!.at - ended.at
    await expect.poll(() => new Set([...before, ...places(second, 'handled')]).size, { timeout: 20_000 }).toBe(COUNT)
    await second.end('SIGTERM')
    const after = places(second, 'handled')
    const twice = after.filter(place => before.includes(place))
    figure(
      'processKilled',
      `SIGTERM in the middle of ${COUNT}, ${endsBy}`,
      `ended in ${seconds(ended.at - asked)}, 0 of ${COUNT} lost, ${twice.length} doubled${endsBy === 'signal' ? ' (at most those under way)' : ''}, the next alert ${seconds(back)} after its end`,
    )
    expect(new Set(after).size).toBe(after.length)
    // What was handled out of order lies behind the prefix, if one before it was still under way.
    if (endsBy === 'close') expect(twice).toEqual([])
    else expect(twice.length).toBeLessThanOrEqual(4 * PARTITIONS)
    expect([...failures(first), ...failures(second)]).toEqual([])
  })

  it('the command: what it printed is handled, the rest comes the next time', async () => {
    await fill(bed.brokers[0]!.plaintext, topic, COUNT, 10_000, PARTITIONS)
    const flags = ['--no-group', '-s', `kafka://${bed.brokers[0]!.plaintext}/`, '--no-auth', '-c', consumerGroup]
    const listen = (...more: string[]) => command([...flags, 'listen', topic, '--json', '--from', 'earliest', ...more])
    const placesIn = (out: string): string[] =>
      out.split('\n').flatMap(line => {
        if (line === '') return []
        const { partition, offset } = JSON.parse(line) as { readonly partition: number; readonly offset: number }
        return [`${partition}@${offset}`]
      })
    const first = listen()
    await expect.poll(() => first.out().split('\n').length, { timeout: 30_000, interval: 1 }).toBeGreaterThan(50)
    first.process.kill('SIGTERM')
    const { code, out, err } = await first.ended
    expect(code).toBe(0)
    expect(err).toMatch(/^igwn-alert-rx: the group \S+ has no committed offset .*\n$/) // it is new
    const before = placesIn(out)
    expect(before.length).toBeLessThan(COUNT)
    const second = await listen('--until-end').ended
    expect([second.code, second.err]).toEqual([0, ''])
    const all = [...before, ...placesIn(second.out)]
    figure(
      'processKilled',
      `SIGTERM in the middle of ${COUNT}, the command`,
      `${before.length} printed, then the other ${COUNT - before.length}`,
    )
    expect(all).toHaveLength(COUNT)
    expect(new Set(all).size).toBe(COUNT)
  })
})
