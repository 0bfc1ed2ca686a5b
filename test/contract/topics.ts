import { expect, it } from 'vitest'
import type { ContractBed } from './bed.ts'
import { numbered } from './observer.ts'

/** Asking for topics and offsets. */
export function topicCases(given: () => ContractBed): void {
  it("describes 'all': every topic that the user may see, and no internal one", async () => {
    const bed = given()
    const [one, three, forbidden] = [await bed.createTopic(), await bed.createTopic({ partitions: 3 }), await bed.createTopic()]
    await bed.forbid(forbidden)
    const all = await bed.answer(bed.connect().describe('all'))
    expect(all.get(one)).toEqual({ partitions: 1, topicId: expect.any(String) })
    expect(all.get(three)).toEqual({ partitions: 3, topicId: expect.any(String) })
    expect(all.has(forbidden)).toBe(false)
    expect([...all.keys()].filter(name => name.startsWith('__'))).toEqual([])
  })

  it('describes each named topic, with a fault of its own for one that is absent, forbidden or badly named', async () => {
    const bed = given()
    const [topic, forbidden, absent] = [await bed.createTopic({ partitions: 2 }), await bed.createTopic(), bed.absentTopic()]
    await bed.forbid(forbidden)
    const described = await bed.answer(bed.connect().describe([absent, topic, forbidden, 'not a name']))
    expect(described.get(topic)).toMatchObject({ partitions: 2 })
    expect(described.get(forbidden)).toMatchObject({ fault: { code: 'ALERT_TOPIC_FORBIDDEN' } })
    expect(described.get(absent)).toMatchObject({ fault: { code: expect.stringMatching(/^ALERT_TOPIC_(UNKNOWN|FORBIDDEN)$/) } })
    expect(described.get('not a name')).toMatchObject({ fault: { code: expect.stringMatching(/^ALERT_TOPIC_/) } })
    expect(described.size).toBe(4)
  })

  it('describes nothing when nothing is named', async () => {
    const bed = given()
    expect((await bed.answer(bed.connect().describe([]))).size).toBe(0)
  })

  it('locates the earliest, the latest and the first at a time, in the order asked', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 3 })
    const time = 1_700_000_000_000
    for (const n of [0, 1, 2, 3]) await bed.append(topic, 0, numbered(`v${n}.`, 2), time + n * 1000)
    await bed.append(topic, 1, ['a'], time + 500)
    await bed.truncate(topic, 0, 3)
    const transport = bed.connect()
    const partitions = [2, 0, 1].map(partition => ({ topic, partition }))
    const offsets = async (at: Parameters<typeof transport.locate>[0]) =>
      (await bed.answer(transport.locate(at, partitions))).map(answer =>
        'offset' in answer ? [answer.partition, answer.offset] : answer.fault.code,
      )
    expect(await offsets('earliest')).toEqual([
      [2, 0],
      [0, 3],
      [1, 0],
    ])
    expect(await offsets('latest')).toEqual([
      [2, 0],
      [0, 8],
      [1, 1],
    ])
    expect(await offsets({ time: time + 2000 })).toEqual([
      [2, 0],
      [0, 4],
      [1, 1],
    ])
    expect(await offsets({ time: time + 2001 })).toEqual([
      [2, 0],
      [0, 6],
      [1, 1],
    ])
    expect(await offsets({ time: 0 })).toEqual([
      [2, 0],
      [0, 3],
      [1, 0],
    ])
    expect(await offsets({ time: time + 3001 })).toEqual([
      [2, 0],
      [0, 8],
      [1, 1],
    ])
  })

  it('locates nothing when nothing is asked', async () => {
    const bed = given()
    expect(await bed.answer(bed.connect().locate('latest', []))).toEqual([])
  })

  it('locates with a fault of its own for a topic or partition that is absent or forbidden', async () => {
    const bed = given()
    const [topic, forbidden, absent] = [await bed.createTopic(), await bed.createTopic(), bed.absentTopic()]
    await bed.append(topic, 0, ['a', 'b'])
    await bed.forbid(forbidden)
    const partitions = [
      { topic: absent, partition: 0 },
      { topic: forbidden, partition: 0 },
      { topic, partition: 7 },
      { topic, partition: 0 },
    ]
    const located = await bed.answer(bed.connect().locate('latest', partitions))
    expect(located).toMatchObject([
      { fault: { code: expect.stringMatching(/^ALERT_TOPIC_(UNKNOWN|FORBIDDEN)$/) } },
      { fault: { code: 'ALERT_TOPIC_FORBIDDEN' } },
      { fault: { code: 'ALERT_TOPIC_UNKNOWN' } },
      { topic, partition: 0, offset: 2, topicId: expect.any(String) },
    ])
  })

  it('gives up a question when its signal is aborted', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const transport = bed.connect()
    const abort = new AbortController()
    const question = transport.describe([topic], abort.signal)
    abort.abort()
    await expect(question).rejects.toMatchObject({ code: 'ALERT_CLOSED' })
    expect((await bed.answer(transport.describe([topic]))).size).toBe(1)
  })

  it('deletes a topic', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const transport = bed.connect()
    await bed.answer(transport.deleteTopic(topic))
    await bed.until(async () => {
      const described = (await bed.answer(transport.describe([topic]))).get(topic)
      return described !== undefined && 'fault' in described && described.fault.code === 'ALERT_TOPIC_UNKNOWN'
    }, 'the topic is still there')
  })

  it('does not delete a topic that is absent or forbidden', async () => {
    const bed = given()
    const [forbidden, absent] = [await bed.createTopic(), bed.absentTopic()]
    await bed.forbid(forbidden)
    const transport = bed.connect()
    await expect(bed.answer(transport.deleteTopic(absent))).rejects.toMatchObject({
      code: expect.stringMatching(/^ALERT_TOPIC_(UNKNOWN|FORBIDDEN)$/),
    })
    await expect(bed.answer(transport.deleteTopic(forbidden))).rejects.toMatchObject({ code: 'ALERT_TOPIC_FORBIDDEN' })
    expect(await bed.end(forbidden, 0)).toBe(0)
  })

  it('gives a topic that is created again another id', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const transport = bed.connect()
    const before = (await bed.answer(transport.describe([topic]))).get(topic)
    await bed.recreateTopic(topic)
    const after = (await bed.answer(transport.describe([topic]))).get(topic)
    expect(after).toEqual({ partitions: 1, topicId: expect.any(String) })
    expect(after).not.toEqual(before)
  })
}
