import { VirtualClock } from '../../src/testing/VirtualClock.ts'
import { MemoryLog } from '../../src/transports/memory/MemoryLog.ts'
import { MemoryTransport } from '../../src/transports/memory/MemoryTransport.ts'
import type { ClusterBed, GroupBed } from './bed.ts'

let names = 0

const newName = (prefix: string): string => `${prefix}-${++names}`

/** A log in memory, in virtual time. */
export function memoryBed(options: { readonly brokers?: number; readonly latency?: number } = {}): GroupBed & ClusterBed {
  const { brokers = 1, latency = 0 } = options
  const clock = new VirtualClock()
  const log = new MemoryLog({ clock, brokers })
  const stopped = new Set<number>()
  const forbidden = new Set<string>()
  let transports: MemoryTransport[] = []

  /** Lets something pass its answer: virtual time stands still, unless it is moved. */
  async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const end = clock.tick() + 120_000
    while (!(await condition())) {
      if (clock.tick() > end) throw new Error(`${what}, in 120 s of virtual time`)
      await clock.advance(10)
    }
  }

  async function answer<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    promise.then(settle, settle)
    await until(() => isSettled, 'no answer')
    return promise
  }

  return {
    brokers,
    sessionTimeout: 6000,

    connect() {
      const transport = new MemoryTransport({ log, latency })
      for (const topic of forbidden) transport.forbid(topic)
      transports.push(transport)
      return transport
    },

    async tidy() {
      await answer(Promise.all(transports.map(transport => transport.close(100))))
      transports = []
      forbidden.clear()
      for (const broker of stopped) log.startBroker(broker)
    },

    async createTopic(topic = {}) {
      const name = newName('topic')
      log.createTopic(name, topic)
      return name
    },
    absentTopic: () => newName('absent'),
    async addPartitions(topic, total) {
      log.addPartitions(topic, total - log.topic(topic)!.partitions.length)
    },
    async recreateTopic(topic) {
      log.recreateTopic(topic)
    },
    async append(topic, partition, values, timestamp) {
      const offsets = values.map(value => log.append(topic, { partition, value, timestamp }))
      return offsets[0]!
    },
    async skip(topic, partition) {
      log.skip(topic, partition, 2)
    },
    async truncate(topic, partition, before) {
      log.truncate(topic, partition, before)
    },
    end: async (topic, partition) => log.partition({ topic, partition }).end,
    async damage(topic, partition, offset) {
      log.damage(topic, partition, offset)
    },
    async forbid(topic) {
      forbidden.add(topic)
      for (const transport of transports) transport.forbid(topic)
    },
    async allow(topic) {
      forbidden.delete(topic)
      for (const transport of transports) transport.allow(topic)
    },
    swallowAnswers(count) {
      for (const transport of transports) transport.swallowAnswers(count)
    },

    answer,
    pass: ms => clock.advance(ms),
    until,
    leftovers: () => transports.reduce((sum, { open }) => sum + open.readers + open.writers + open.timers, 0),

    newGroup: () => newName('group'),
    members: async group => log.members(group).map(({ memberId }) => memberId),
    committed: async (group, topic, partition) => log.committed(group, topic, partition),
    async commit(group, topic, partition, offset) {
      log.commit(group, [{ topic, partition, offset }])
    },
    async expire(_group, memberId) {
      log.expire(memberId)
    },
    async isolate() {
      for (const transport of transports) transport.goOffline()
    },
    async reconnect() {
      for (const transport of transports) transport.goOnline()
    },

    leaderOf: async (topic, partition) => log.leaderOf({ topic, partition }),
    async stopBroker(broker) {
      stopped.add(broker)
      log.stopBroker(broker)
    },
    async startBroker(broker) {
      stopped.delete(broker)
      log.startBroker(broker)
    },
  }
}
