import { handle, IgwnAlertClient, silentLogger } from 'igwn-alert-rx'
import { lastValueFrom, take, toArray } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ConfluentLine, type ConfluentReadOptions, confluentRead } from '../bed/peerPrograms.ts'
import type { PythonProcess } from '../bed/peers.ts'
import { until } from '../bed/run.ts'
import { InteropRig } from './rig.ts'

const PARTITIONS = 4
const COUNT = 30

interface Taken {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

const nameOf = ({ topic, partition, offset }: Taken): string => `${topic}[${partition}]@${offset}`

/** One of ours, reading until it is closed. */
interface Ours {
  readonly took: readonly string[]
  /** Its partitions, as it was last told; undefined while it has none. */
  readonly holds: () => readonly string[] | undefined
  close(): Promise<void>
}

describe('one consumer group with Python', () => {
  let rig: InteropRig
  let group: string
  const running: { close(): Promise<unknown> }[] = []

  beforeEach(() => {
    rig = new InteropRig()
    group = rig.consumerGroup()
  })
  afterEach(async () => {
    await Promise.all(running.splice(0).map(each => each.close()))
    await rig[Symbol.asyncDispose]()
  })

  const client = (): IgwnAlertClient =>
    new IgwnAlertClient({
      server: rig.server,
      auth: { username: 'alice', password: rig.access.password ?? '', caFile: rig.bed.caFile },
      group: rig.group,
      consumerGroup: group,
      from: 'earliest',
      heartbeatInterval: 200,
      logger: silentLogger,
    })

  function ours(topics: readonly string[]): Ours {
    const own = client()
    const took: string[] = []
    let holds: readonly string[] | undefined
    own.status$.subscribe(status => {
      if (status.type === 'assigned') holds = status.partitions.map(({ topic, partition }) => `${topic}[${partition}]`)
      if (status.type === 'revoked' || status.type === 'lost') holds = undefined
    })
    own
      .topics(topics)
      .pipe(handle(async ({ fullTopic, partition, offset }) => void took.push(nameOf({ topic: fullTopic, partition, offset }))))
      .subscribe()
    const reader = { took, holds: () => holds, close: () => own.close() }
    running.push(reader)
    return reader
  }

  async function python(topics: readonly string[], options: Partial<ConfluentReadOptions> = {}): Promise<PythonProcess<ConfluentLine>> {
    const config = { 'heartbeat.interval.ms': 200, ...options.config }
    const reader = await confluentRead(rig.access, { group, topics, commit: true, ...options, config })
    running.push({ close: () => reader.kill() })
    return reader
  }
  const tookOf = (reader: PythonProcess<ConfluentLine>): string[] => reader.lines.filter(line => 'offset' in line).map(nameOf)
  const holdsOf = (reader: PythonProcess<ConfluentLine>): readonly string[] =>
    (reader.lines.findLast(line => 'assigned' in line)?.assigned ?? []).map(([topic, partition]) => `${topic}[${partition}]`)

  /** A record of each number into each partition. */
  async function write(full: string, count: number): Promise<void> {
    const values = Array.from({ length: count }, (_, n) => `{"n":${n}}`)
    for (let partition = 0; partition < PARTITIONS; partition++) await rig.bed.produce(full, values, { partition })
  }
  const allOf = (full: string, count: number): string[] =>
    Array.from({ length: PARTITIONS * count }, (_, n) =>
      nameOf({ topic: full, partition: n % PARTITIONS, offset: Math.floor(n / PARTITIONS) }),
    )

  it('takes turns: each goes on exactly where the other has committed', async () => {
    const full = await rig.topic('superevent')
    await rig.bed.produce(
      full,
      Array.from({ length: 40 }, (_, n) => `{"n":${n}}`),
    )
    const ourTurn = async (count: number): Promise<number[]> => {
      await using own = client()
      const work = own.topic('superevent').pipe(
        handle(async ({ offset }) => offset),
        take(count),
        toArray(),
      )
      return await lastValueFrom(work)
    }
    const theirTurn = async (count: number): Promise<number[]> => {
      const { lines } = await (await python([full], { count })).result
      return lines.filter(line => 'offset' in line).map(({ offset }) => offset)
    }
    const turns = [await ourTurn(10), await theirTurn(10), await ourTurn(10), await theirTurn(10)]
    expect(turns).toEqual([0, 10, 20, 30].map(from => Array.from({ length: 10 }, (_, n) => from + n)))
    expect(await rig.bed.committed(group, full)).toEqual([40])
  })

  describe.each(['range', 'roundrobin'] as const)('that assigns by %s', assigner => {
    const config = { 'partition.assignment.strategy': assigner }

    it.each(['ours', 'Python'] as const)(
      'lives through joining and leaving, led by %s: nothing is missing, nothing doubled',
      async first => {
        const full = await rig.topic('superevent', PARTITIONS)
        const all = [...Array(PARTITIONS).keys()].map(partition => `${full}[${partition}]`)
        let [us, them]: [Ours | undefined, PythonProcess<ConfluentLine> | undefined] = [undefined, undefined]
        const left: string[] = []
        const join = async (who: 'ours' | 'Python') => {
          if (who === 'ours') us = ours(['superevent'])
          else them = await python([full], { config })
        }
        const leave = async (who: 'ours' | 'Python') => {
          if (who === 'ours') await us!.close()
          else await them!.stop()
          left.push(...(who === 'ours' ? us!.took : tookOf(them!)))
          if (who === 'ours') us = undefined
          else them = undefined
        }
        const holds = () => [us?.holds() ?? [], them ? holdsOf(them) : []]
        const shared = async () => {
          const isShared = () => holds().flat().sort().join() === all.join() && holds().every(({ length }) => length === PARTITIONS / 2)
          await until(isShared, 'the partitions are not shared')
        }
        const took = () => [...left, ...(us?.took ?? []), ...(them ? tookOf(them) : [])]
        const isRead = async (count: number) =>
          until(() => took().length >= PARTITIONS * count, `not all of ${PARTITIONS * count} was read`)
        const second = first === 'ours' ? 'Python' : 'ours'

        await join(first)
        await write(full, COUNT)
        await isRead(COUNT)
        const writing = write(full, COUNT)
        await join(second)
        await shared()
        await writing
        await isRead(2 * COUNT)
        await write(full, COUNT)
        await isRead(3 * COUNT)
        expect((await rig.bed.describeGroup(group)).protocol).toBe(assigner)
        const more = write(full, COUNT)
        await leave(first) // the leader: the other one shares out from now on
        await join(first)
        await shared()
        await more
        await isRead(4 * COUNT)
        await leave(second)
        await write(full, COUNT)
        await isRead(5 * COUNT)
        expect(took().toSorted()).toEqual(allOf(full, 5 * COUNT).toSorted())
        await leave(first)
        expect(await rig.bed.committed(group, full)).toEqual(Array(PARTITIONS).fill(5 * COUNT))
      },
    )

    it('gives each topic to those alone who subscribe to it, whoever leads', async () => {
      const [one, two] = [await rig.topic('one', PARTITIONS), await rig.topic('two', PARTITIONS)]
      const partitionsOf = (full: string): string[] => [...Array(PARTITIONS).keys()].map(partition => `${full}[${partition}]`)
      const us = ours(['one'])
      await until(() => us.holds()?.length === PARTITIONS, 'ours has not joined')
      const them = await python([two], { config })
      await until(() => holdsOf(them).length === PARTITIONS && us.holds()?.length === PARTITIONS, 'Python has nothing')
      expect([us.holds()!.toSorted(), holdsOf(them).toSorted()]).toEqual([partitionsOf(one), partitionsOf(two)])
      await us.close()
      const again = ours(['one'])
      await until(() => again.holds()?.length === PARTITIONS, 'Python shares out to itself')
      expect(again.holds()!.toSorted()).toEqual(partitionsOf(one))
      await write(one, 3)
      await write(two, 3)
      await until(() => us.took.length + again.took.length === 3 * PARTITIONS, 'ours did not read its topic')
      await until(() => tookOf(them).length === 3 * PARTITIONS, 'Python did not read its topic')
      expect(again.took.toSorted()).toEqual(allOf(one, 3).toSorted())
      expect(tookOf(them).toSorted()).toEqual(allOf(two, 3).toSorted())
    })
  })
})
