import { expect, it } from 'vitest'
import { isFaulty } from '../../src/transports/transport.ts'
import type { ContractBed } from './bed.ts'
import { at, numbered, Observer, range } from './observer.ts'

/** What concerns one partition, and leaves the others alone. */
export function faultingCases(given: () => ContractBed): void {
  it('faults a partition whose offset the log does not hold, and never jumps', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 3 })
    for (const partition of [0, 1, 2]) await bed.append(topic, partition, numbered('v', 10))
    await bed.truncate(topic, 0, 5)
    const observer = new Observer(bed.connect())
    observer.reader.start(0, [at(topic, 0, 2), at(topic, 1, 1000), at(topic, 2, 0)])
    await bed.until(() => observer.all('fault').length === 2, 'not both were faulted')
    for (const partition of [0, 1]) expect(observer.faultOf({ topic, partition })?.error.code).toBe('ALERT_OFFSET_RANGE')
    await bed.until(() => observer.positionOf({ topic, partition: 2 }) === 10, 'the sound partition did not go on')
    await bed.pass(300)
    expect(observer.all('fault')).toHaveLength(2)
    expect(observer.offsetsOf({ topic, partition: 0 })).toEqual([])
    observer.reader.start(0, [at(topic, 0, 5)])
    await bed.until(() => observer.positionOf({ topic, partition: 0 }) === 10, 'start() did not revive it')
    expect(observer.offsetsOf({ topic, partition: 0 })).toEqual(range(5, 10))
  })

  it('faults absent and forbidden topics alone', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const forbidden = await bed.createTopic()
    const absent = bed.absentTopic()
    await bed.append(topic, 0, ['a'])
    await bed.append(forbidden, 0, ['secret'])
    await bed.forbid(forbidden)
    const observer = new Observer(bed.connect())
    observer.reader.start(0, [at(absent, 0, 0), at(forbidden, 0, 0), at(topic, 0, 0)])
    await bed.until(() => observer.all('fault').length === 2, 'not both were faulted')
    // Who may not describe a topic is not told whether it is there.
    expect(['ALERT_TOPIC_UNKNOWN', 'ALERT_TOPIC_FORBIDDEN']).toContain(observer.faultOf({ topic: absent, partition: 0 })?.error.code)
    expect(observer.faultOf({ topic: forbidden, partition: 0 })?.error.code).toBe('ALERT_TOPIC_FORBIDDEN')
    await bed.append(topic, 0, ['b'])
    await bed.until(() => observer.valuesOf({ topic, partition: 0 }).join('') === 'ab', 'the sound topic did not go on')
    expect(observer.all('ended')).toEqual([])
  })

  it('faults a damaged batch alone, and tells where to go on', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 2 })
    await bed.append(topic, 0, ['a', 'b'])
    const damaged = await bed.append(topic, 0, ['x'])
    await bed.append(topic, 0, ['c'])
    await bed.append(topic, 1, ['other'])
    await bed.damage(topic, 0, damaged)
    const observer = new Observer(bed.connect())
    const of = { topic, partition: 0 }
    observer.reader.start(0, [at(topic, 0, 0), at(topic, 1, 0)])
    await bed.until(() => observer.faultOf(of) !== undefined, 'no fault')
    expect(observer.faultOf(of)).toMatchObject({ error: { code: 'ALERT_DAMAGED' }, after: damaged + 1 })
    expect(observer.valuesOf(of)).toEqual(['a', 'b'])
    await bed.append(topic, 1, ['more'])
    await bed.until(() => observer.valuesOf({ topic, partition: 1 }).join() === 'other,more', 'the sound partition did not go on')
    observer.reader.start(0, [at(topic, 0, damaged + 1)])
    await bed.until(() => observer.positionOf(of) === damaged + 2, 'start() behind the damage did not revive it')
    expect(observer.valuesOf(of)).toEqual(['a', 'b', 'c'])
  })

  it('faults a topic that was created again while nobody looked', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const transport = bed.connect()
    await bed.append(topic, 0, numbered('old', 3))
    const [position] = await bed.answer(transport.locate('latest', [{ topic, partition: 0 }]))
    if (!position || isFaulty(position)) throw new Error('not located')
    expect(position).toMatchObject({ offset: 3, topicId: expect.any(String) })
    await bed.recreateTopic(topic)
    await bed.append(topic, 0, numbered('new', 10))
    const observer = new Observer(transport)
    observer.reader.start(0, [position])
    await bed.until(() => observer.all('fault').length > 0, 'no fault')
    expect(observer.faultOf({ topic, partition: 0 })?.error.code).toBe('ALERT_TOPIC_RECREATED')
    expect(observer.all('records')).toEqual([])
  })

  it('faults a topic that is created again while it is read', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    await bed.append(topic, 0, numbered('old', 3))
    const observer = new Observer(bed.connect())
    observer.reader.start(0, [at(topic, 0, 0)])
    await bed.until(() => observer.positionOf({ topic, partition: 0 }) === 3, 'nothing was delivered')
    await bed.recreateTopic(topic)
    await bed.append(topic, 0, ['new'])
    await bed.until(() => observer.all('fault').length > 0, 'no fault')
    // Whichever is met first: the topic away, its other id, or its log that is shorter.
    const codes = ['ALERT_TOPIC_RECREATED', 'ALERT_TOPIC_UNKNOWN', 'ALERT_OFFSET_RANGE']
    expect(codes).toContain(observer.faultOf({ topic, partition: 0 })?.error.code)
    expect(observer.valuesOf({ topic, partition: 0 })).toEqual(['old0', 'old1', 'old2'])
  })
}
