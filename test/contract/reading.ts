import { expect, it } from 'vitest'
import { isFaulty } from '../../src/transports/transport.ts'
import type { ContractBed } from './bed.ts'
import { at, numbered, Observer, range } from './observer.ts'

/** Reading without a group. */
export function readingCases(given: () => ContractBed): void {
  it('delivers nothing before start()', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    await bed.append(topic, 0, ['a', 'b'])
    const observer = new Observer(bed.connect())
    await bed.pass(300)
    expect(observer.all('records')).toEqual([])
    observer.reader.start(0, [at(topic, 0, 0)])
    expect(observer.all('records')).toEqual([])
    await bed.until(() => observer.offsetsOf({ topic, partition: 0 }).length === 2, 'no records after start()')
  })

  it('ignores start() of another epoch', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    await bed.append(topic, 0, ['a'])
    const observer = new Observer(bed.connect())
    observer.reader.start(1, [at(topic, 0, 0)])
    await bed.pass(300)
    expect(observer.all('records')).toEqual([])
  })

  it('delivers contiguously from the offset that was sought', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    for (const prefix of ['a', 'b', 'c']) await bed.append(topic, 0, numbered(prefix, 10))
    const observer = new Observer(bed.connect())
    const of = { topic, partition: 0 }
    observer.reader.start(0, [at(topic, 0, 7)])
    await bed.until(() => observer.positionOf(of) === 30, 'the end was not reached')
    expect(observer.offsetsOf(of)).toEqual(range(7, 30))
    expect(observer.valuesOf(of).slice(0, 4)).toEqual(['a7', 'a8', 'a9', 'b0'])
    let position = 7
    for (const event of observer.all('records')) {
      expect(event).toMatchObject({ epoch: 0, of })
      expect(event.records.every(({ offset }) => offset >= position && offset < event.next)).toBe(true)
      expect(event.end).toBeGreaterThanOrEqual(event.next)
      position = event.next
    }
  })

  it('delivers what is appended while it waits at the end', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const observer = new Observer(bed.connect())
    observer.reader.start(0, [at(topic, 0, 0)])
    await bed.until(() => observer.all('alive').length > 0, 'no fetch came back')
    for (const value of ['a', 'b', 'c']) await bed.append(topic, 0, [value])
    await bed.until(() => observer.valuesOf({ topic, partition: 0 }).join('') === 'abc', 'not all was delivered')
  })

  it('says that it is alive while nothing comes', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const observer = new Observer(bed.connect(), { maxWait: 50 })
    observer.reader.start(0, [at(topic, 0, 0)])
    await bed.until(() => observer.all('alive').length >= 5, 'no sign of life')
    expect(observer.all('records')).toEqual([])
  })

  it('moves the position over offsets without a record', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const of = { topic, partition: 0 }
    await bed.append(topic, 0, ['a', 'b'])
    await bed.skip(topic, 0)
    const end = await bed.end(topic, 0)
    expect(end).toBeGreaterThan(2)
    const observer = new Observer(bed.connect())
    observer.reader.start(0, [at(topic, 0, 0)])
    await bed.until(() => observer.positionOf(of) === end, 'the position did not move to the end')
    expect(observer.offsetsOf(of)).toEqual([0, 1])
    observer.reader.start(0, [at(topic, 0, 2)])
    const before = observer.all('records').length
    await bed.until(() => observer.all('records').length > before, 'the position did not move without a record')
    expect(observer.last('records')).toMatchObject({ records: [], next: end })
    const next = await bed.append(topic, 0, ['c'])
    await bed.until(() => observer.positionOf(of) === next + 1, 'the record behind them was not delivered')
    expect(observer.valuesOf(of)).toEqual(['a', 'b', 'c'])
  })

  it('delivers a record that is larger than a fetch', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const large = 'x'.repeat(100_000)
    await bed.append(topic, 0, ['a'])
    await bed.append(topic, 0, [large])
    await bed.append(topic, 0, ['b'])
    const observer = new Observer(bed.connect(), { maxBytes: 1000 })
    observer.reader.start(0, [at(topic, 0, 0)])
    await bed.until(() => observer.positionOf({ topic, partition: 0 }) === 3, 'it stands before the large record')
    expect(observer.valuesOf({ topic, partition: 0 })).toEqual(['a', large, 'b'])
  })

  it('delivers nothing of a partition after pause() returned, while the others go on', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 2 })
    const [first, second] = [0, 1].map(partition => ({ topic, partition })) as [Of, Of]
    for (const partition of [0, 1]) await bed.append(topic, partition, numbered('v', 20))
    const observer = new Observer(bed.connect(), { maxBytes: 100 })
    observer.onEvent = event => {
      if (event.type === 'records' && event.of.partition === 0) observer.reader.pause([first])
    }
    observer.reader.start(0, [at(topic, 0, 0), at(topic, 1, 0)])
    await bed.until(() => observer.positionOf(second) === 20, 'the other partition did not go on')
    await bed.append(topic, 0, ['late'])
    await bed.pass(500)
    expect(observer.all('records').filter(({ of }) => of.partition === 0)).toHaveLength(1)
    observer.onEvent = () => {}
    observer.reader.resume([first])
    await bed.until(() => observer.positionOf(first) === 21, 'it did not go on after resume()')
    expect(observer.offsetsOf(first)).toEqual(range(0, 21))
  })

  it('loses and doubles nothing over many pauses', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const of = { topic, partition: 0 }
    const observer = new Observer(bed.connect(), { maxBytes: 200 })
    observer.reader.start(0, [at(topic, 0, 0)])
    for (let round = 0; round < 20; round++) {
      observer.reader.pause([of])
      await bed.append(topic, 0, numbered(`r${round}.`, 10))
      await bed.pass(round)
      observer.reader.resume([of])
      await bed.pass(round % 3)
    }
    await bed.until(() => observer.positionOf(of) === 200, 'the end was not reached')
    expect(observer.offsetsOf(of)).toEqual(range(0, 200))
  })

  it('takes a partition out at stop(), and in again at start()', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 2 })
    const observer = new Observer(bed.connect())
    const of = { topic, partition: 0 }
    observer.reader.start(0, [at(topic, 0, 0), at(topic, 1, 0)])
    await bed.append(topic, 0, ['a'])
    await bed.until(() => observer.positionOf(of) === 1, 'nothing was delivered')
    observer.reader.stop([of])
    await bed.append(topic, 0, ['b', 'c'])
    await bed.append(topic, 1, ['x'])
    await bed.until(() => observer.positionOf({ topic, partition: 1 }) === 1, 'the other partition did not go on')
    await bed.pass(300)
    expect(observer.valuesOf(of)).toEqual(['a'])
    observer.reader.start(0, [at(topic, 0, 2)])
    await bed.until(() => observer.positionOf(of) === 3, 'it did not start again')
    expect(observer.valuesOf(of)).toEqual(['a', 'c'])
  })

  it('moves a partition that is read at start()', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const of = { topic, partition: 0 }
    await bed.append(topic, 0, numbered('v', 20))
    await bed.append(topic, 0, numbered('w', 20))
    const observer = new Observer(bed.connect(), { maxBytes: 50 })
    let before: number | undefined
    observer.onEvent = event => {
      if (event.type !== 'records' || before !== undefined) return
      before = observer.offsetsOf(of).length
      observer.reader.start(0, [at(topic, 0, 30)])
    }
    observer.reader.start(0, [at(topic, 0, 0)])
    await bed.until(() => observer.positionOf(of) === 40, 'the end was not reached')
    expect(observer.offsetsOf(of).slice(before)).toEqual(range(30, 40))
  })

  it('goes by what was said of one partition while another was delivered', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 4 })
    for (const partition of range(0, 4)) await bed.append(topic, partition, numbered('v', 10))
    const observer = new Observer(bed.connect())
    observer.onEvent = event => {
      if (event.type !== 'records' || observer.all('records').length > 1) return
      const [stopped, paused, moved] = range(0, 4).filter(partition => partition !== event.of.partition)
      observer.reader.stop([{ topic, partition: stopped! }])
      observer.reader.pause([{ topic, partition: paused! }])
      observer.reader.start(0, [at(topic, moved!, 5)])
    }
    observer.reader.start(
      0,
      range(0, 4).map(partition => at(topic, partition, 0)),
    )
    const read = () => range(0, 4).map(partition => observer.offsetsOf({ topic, partition }).length)
    await bed.until(() => read().filter(count => count > 0).length === 2, 'the others did not go on')
    await bed.pass(300)
    expect(read().sort((a, b) => a - b)).toEqual([0, 0, 5, 10])
  })

  it('says with the records which topic they are of', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    await bed.append(topic, 0, ['a'])
    const transport = bed.connect()
    const described = (await bed.answer(transport.describe([topic]))).get(topic)
    const observer = new Observer(transport)
    observer.reader.start(0, [at(topic, 0, 0)])
    await bed.until(() => observer.all('records').length > 0, 'nothing was delivered')
    expect(observer.all('records')[0]?.topicId).toBe(described && !isFaulty(described) && described.topicId)
  })

  it('refuses a commit without a group', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const { reader } = new Observer(bed.connect())
    await expect(bed.answer(reader.commit(0, [at(topic, 0, 1)]))).rejects.toMatchObject({ name: expect.stringMatching(/Error$/) })
  })
}

type Of = { readonly topic: string; readonly partition: number }
