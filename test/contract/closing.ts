import { expect, it } from 'vitest'
import type { ContractBed } from './bed.ts'
import { at, FETCH, numbered, Observer } from './observer.ts'

/** Ending, at any moment. */
export function closingCases(given: () => ContractBed): void {
  it('ends a reader with one last event', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const observer = new Observer(bed.connect())
    observer.reader.start(0, [at(topic, 0, 0)])
    await bed.until(() => observer.all('alive').length > 0, 'it did not begin')
    await bed.answer(Promise.all([observer.reader.close(1000), observer.reader.close(1000)]))
    expect(observer.all('ended')).toEqual([{ type: 'ended' }])
    const { length } = observer.events
    observer.reader.start(0, [at(topic, 0, 0)])
    observer.reader.resume([{ topic, partition: 0 }])
    await bed.append(topic, 0, ['late'])
    await bed.pass(300)
    await bed.answer(observer.reader.close(0))
    expect(observer.events.slice(length)).toEqual([])
    expect(observer.events.at(-1)?.type).toBe('ended')
  })

  it('leaves nothing and says nothing after close() at a hundred moments', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 3 })
    for (const partition of [0, 1, 2]) await bed.append(topic, partition, numbered('v', 30))
    const observers: { observer: Observer; length: number }[] = []
    const transport = bed.connect()
    for (let moment = 0; moment < 100; moment++) {
      const observer = new Observer(transport, { maxBytes: 100, maxWait: 20 })
      observer.reader.start(
        0,
        [0, 1, 2].map(partition => at(topic, partition, 0)),
      )
      await bed.pass(moment % 25)
      await bed.answer(observer.reader.close(1000))
      observers.push({ observer, length: observer.events.length })
    }
    await bed.append(topic, 0, ['late'])
    await bed.pass(200)
    for (const { observer, length } of observers) {
      expect(observer.events.slice(length)).toEqual([])
      expect(observer.all('ended')).toEqual([{ type: 'ended' }])
      expect(observer.events.at(-1)?.type).toBe('ended')
    }
    await bed.answer(transport.close(1000))
    await bed.until(() => bed.leftovers() === 0, 'something is left open')
  })

  it('ends a reader that is closed from within an event', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    await bed.append(topic, 0, numbered('v', 50))
    const observer = new Observer(bed.connect(), { maxBytes: 50 })
    let closing: Promise<void> | undefined
    observer.onEvent = event => {
      if (event.type === 'records') closing ??= observer.reader.close(1000)
    }
    observer.reader.start(0, [at(topic, 0, 0)])
    await bed.until(() => observer.all('ended').length > 0, 'it did not end')
    await closing
    expect(observer.all('records')).toHaveLength(1)
    expect(observer.events.at(-1)?.type).toBe('ended')
  })

  it('ends its readers and writers with the transport, at any moment', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    for (const moment of [0, 1, 2, 5, 10, 20, 50]) {
      const transport = bed.connect()
      const observer = new Observer(transport)
      observer.reader.start(0, [at(topic, 0, 0)])
      const outcomes: unknown[] = []
      const record = { topic, key: null, value: Uint8Array.of(moment), headers: [], timestamp: 1 }
      transport.write({ deliveryTimeout: 5000 }).write(record, outcome => outcomes.push(outcome))
      const described = transport.describe([topic]).then(
        () => 'answered',
        error => error.code,
      )
      await bed.pass(moment)
      let isClosed = false
      const closing = transport.close(2000).then(() => {
        isClosed = true
      })
      await bed.until(() => isClosed, 'close() did not resolve')
      await closing
      expect(observer.all('ended')).toEqual([{ type: 'ended' }])
      expect(outcomes).toHaveLength(1)
      expect(['answered', 'ALERT_CLOSED']).toContain(await described)
    }
    await bed.until(() => bed.leftovers() === 0, 'something is left open')
  })

  it('refuses everything after close()', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const transport = bed.connect()
    await bed.answer(transport.close(1000))
    await bed.answer(transport.close(1000))
    await expect(bed.answer(transport.describe([topic]))).rejects.toMatchObject({ code: 'ALERT_CLOSED' })
    await expect(bed.answer(transport.locate('latest', [{ topic, partition: 0 }]))).rejects.toMatchObject({ code: 'ALERT_CLOSED' })
    await expect(bed.answer(transport.deleteTopic(topic))).rejects.toMatchObject({ code: 'ALERT_CLOSED' })
    const observer = new Observer(transport, FETCH)
    await bed.until(() => observer.all('ended').length > 0, 'the reader did not end')
    expect(observer.events).toMatchObject([{ type: 'ended', error: { code: 'ALERT_CLOSED' } }])
    expect(bed.leftovers()).toBe(0)
  })
}
