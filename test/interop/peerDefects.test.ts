/** Defects of igwn-alert that only two processes, or a port, show: the Python client beside ours on one broker. More in test/peerDefects. */
import { IgwnAlertClient, silentLogger } from 'igwn-alert-rx'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { uniqueName } from '../bed/bedClient.ts'
import { type IgwnAlert, igwnListen } from '../bed/peerPrograms.ts'
import type { PythonProcess } from '../bed/peers.ts'
import { until } from '../bed/run.ts'
import { InteropRig } from './rig.ts'

const COUNT = 9

describe('two listeners of one consumer group both get every alert', () => {
  let rig: InteropRig
  let full: string

  beforeEach(async () => {
    rig = new InteropRig()
    full = await rig.topic('superevent', 4)
  })
  afterEach(() => rig[Symbol.asyncDispose]())

  /** One that starts late begins where the other has committed: until both are there, what is published is not counted. */
  const bothStarted = async (listeners: readonly PythonProcess<IgwnAlert>[]): Promise<number> => {
    let published = 0
    await until(async () => {
      await rig.bed.produce(full, ['{"n":-1}'])
      published++
      return listeners.every(({ lines }) => lines.length > 0)
    }, 'the two did not start')
    return published
  }
  const publish = async (): Promise<void> => {
    for (let n = 0; n < COUNT; n++) await rig.bed.produce(full, [`{"n":${n}}`], { partition: n % 4 })
  }
  const numbers = (payloads: readonly unknown[]): number[] => payloads.map(payload => (payload as { n: number }).n).sort((a, b) => a - b)
  const all = Array.from({ length: COUNT }, (_, n) => n)

  it('there: 9 of 9 twice; here: 9 in total, shared', async () => {
    const consumerGroup = rig.consumerGroup()
    const listeners = await Promise.all(
      [1, 2].map(() => igwnListen(rig.access, { group: rig.group, topics: ['superevent'], consumerGroup })),
    )
    const before = await bothStarted(listeners)
    await publish()
    const isCounted = ({ payload }: IgwnAlert): boolean => (payload as { n: number }).n >= 0
    for (const listener of listeners) {
      expect(numbers((await listener.until(COUNT, 30_000, isCounted)).filter(isCounted).map(({ payload }) => payload))).toEqual(all)
      await listener.kill()
    }

    const group = rig.consumerGroup()
    const took: unknown[][] = [[], []]
    const members = took.map(own => {
      const client = new IgwnAlertClient({
        server: rig.server,
        auth: { username: 'alice', password: rig.access.password ?? '', caFile: rig.bed.caFile },
        group: rig.group,
        consumerGroup: group,
        heartbeatInterval: 200,
        logger: silentLogger,
      })
      let partitions = 0
      client.status$.subscribe(status => {
        if (status.type === 'assigned') partitions = status.partitions.length
      })
      client.listen((_topic, payload) => own.push(payload), 'superevent')
      return { client, partitions: () => partitions }
    })
    await until(() => members.every(member => member.partitions() === 2), 'they do not share the partitions')
    await publish()
    await until(() => took.flat().length >= COUNT, 'not all came')
    await Promise.all(members.map(({ client }) => client.close()))
    expect(numbers(took.flat())).toEqual(all)
    expect(took.every(({ length }) => length > 0)).toBe(true)
    expect((await rig.bed.committed(group, full)).reduce((sum, offset) => sum + offset, 0)).toBe(before + 2 * COUNT)
  })
})

describe('the port of `server` is ignored where it listens and publishes, that of `port` where it asks for the topics', () => {
  it('here: either is the port of all that a client does', async () => {
    await using rig = new InteropRig()
    const group = uniqueName('ports')
    await rig.bed.createTopic(`${group}.a`)
    const port = Number(rig.bed.brokers[0]!.plaintext.split(':').at(-1))
    const common = { group, noauth: true, from: 'earliest', untilEnd: true, logger: silentLogger } as const
    for (const address of [{ server: `kafka://127.0.0.1:${port}/` }, { server: 'kafka://127.0.0.1/', port }]) {
      await using client = new IgwnAlertClient({ ...common, ...address })
      expect(await client.getTopics()).toEqual(['a'])
      const { offset } = await client.publish('a', address)
      const heard: unknown[] = []
      await client.listen((_topic, payload) => heard.push(payload), 'a').done
      expect(heard[offset ?? -1]).toEqual(address)
    }
  })
})
