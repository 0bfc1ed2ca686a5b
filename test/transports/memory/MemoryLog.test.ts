import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../../src/testing/VirtualClock.ts'
import { isTopicName, MemoryLog } from '../../../src/transports/memory/MemoryLog.ts'

describe('MemoryLog', () => {
  it('stamps records with its clock unless they have a time', () => {
    const log = new MemoryLog({ clock: new VirtualClock(1000) })
    log.createTopic('t')
    expect([log.append('t', { value: 'a' }), log.append('t', { value: 'b', timestamp: 5 })]).toEqual([0, 1])
    expect(log.topic('t')!.partitions[0]!.records.map(({ timestamp }) => timestamp)).toEqual([1000, 5])
  })

  it('gives each topic an id, and another one when it is created again', () => {
    const log = new MemoryLog()
    log.createTopic('t', { partitions: 3, maxMessageBytes: 9 })
    log.commit('g', [{ topic: 't', partition: 0, offset: 5 }])
    const { id } = log.topic('t')!
    log.recreateTopic('t')
    expect(log.topic('t')).toMatchObject({ maxMessageBytes: 9, partitions: { length: 3 } })
    expect(log.topic('t')!.id).not.toBe(id)
    expect(log.committed('g', 't', 0)).toBeUndefined()
    log.recreateTopic('t', { partitions: 1 })
    expect(log.topic('t')!.partitions).toHaveLength(1)
  })

  it('says what a test names and the log has not', () => {
    const log = new MemoryLog()
    log.createTopic('t')
    expect(() => log.append('u', {})).toThrow('There is no topic u. Create it with createTopic()')
    expect(() => log.append('t', { partition: 1 })).toThrow('There is no partition t[1]')
    expect(() => log.createTopic('t')).toThrow('The topic t exists')
    expect(() => log.createTopic('a b')).toThrow("'a b' is not a topic's name")
    expect(() => log.stopBroker(1)).toThrow('There is no broker 1: they are numbered 0 to 0')
  })

  it('knows the names that Kafka takes', () => {
    expect(['gracedb.superevent', 'a-b_c.D9', 'x'.repeat(249)].every(isTopicName)).toBe(true)
    expect(['', '.', '..', 'a/b', 'größe', 'x'.repeat(250)].some(isTopicName)).toBe(false)
  })

  it('has no broker that answers once all are stopped', () => {
    const log = new MemoryLog({ brokers: 2 })
    log.stopBroker(0)
    expect(log.isReachable).toBe(true)
    log.stopBroker(1)
    expect(log.isReachable).toBe(false)
    log.startBroker(0)
    expect([log.isReachable, log.isUp(0), log.isUp(1)]).toEqual([true, true, false])
  })
})
