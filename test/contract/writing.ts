import { expect, it } from 'vitest'
import type { OutRecord, Transport, WriteOptions, WriteOutcome, Writer } from '../../src/transports/transport.ts'
import type { ContractBed } from './bed.ts'
import { at, numbered, Observer, range, textOf } from './observer.ts'

const encoder = new TextEncoder()
const OPTIONS: WriteOptions = { deliveryTimeout: 30_000 }
const TIME = 1_700_000_000_000

function record(topic: string, value: string, more: Partial<OutRecord> = {}): OutRecord {
  return { topic, key: null, value: encoder.encode(value), headers: [], timestamp: TIME, ...more }
}

/** Writes, and collects every call of `done`. */
function writeAll(writer: Writer, records: readonly OutRecord[]) {
  const outcomes: WriteOutcome[][] = records.map(() => [])
  for (const [index, each] of records.entries()) writer.write(each, outcome => outcomes[index]!.push(outcome))
  return {
    outcomes,
    isSettled: () => outcomes.every(({ length }) => length > 0),
    codes: () => outcomes.map(([outcome]) => outcome?.error?.code ?? 'stored'),
  }
}

async function readBack(bed: ContractBed, transport: Transport, topic: string, partition: number) {
  const observer = new Observer(transport)
  const end = await bed.end(topic, partition)
  observer.reader.start(0, [at(topic, partition, 0)])
  await bed.until(() => end === 0 || observer.positionOf({ topic, partition }) === end, `${topic}[${partition}] could not be read back`)
  return observer.recordsOf({ topic, partition })
}

export function writingCases(given: () => ContractBed): void {
  it('keeps the order in each partition and says of every record where it is, once, never at once', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 3 })
    const transport = bed.connect()
    const writer = transport.write(OPTIONS)
    const records = range(0, 600).map(n => record(topic, `v${n}`, { partition: n % 3 }))
    const written = writeAll(writer, records)
    expect(written.outcomes.flat()).toEqual([])
    await bed.until(written.isSettled, 'not every record was settled')
    expect(written.outcomes.map(outcomes => outcomes.length)).toEqual(records.map(() => 1))
    for (const partition of [0, 1, 2]) {
      const own = range(0, 200).map(n => n * 3 + partition)
      expect(own.map(n => written.outcomes[n]![0])).toEqual(range(0, 200).map(offset => ({ partition, offset })))
      expect((await readBack(bed, transport, topic, partition)).map(textOf)).toEqual(own.map(n => `v${n}`))
    }
    await bed.answer(writer.close(5000))
  })

  it('stores a record as it was given', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const transport = bed.connect()
    const headers = [
      { name: '_id', value: Uint8Array.of(0, 1, 254, 255) },
      { name: '_test', value: null },
      { name: '_id', value: encoder.encode('again') },
      { name: 'leer', value: new Uint8Array() },
      { name: 'größe', value: encoder.encode('ü') },
    ]
    const full = record(topic, 'value', { key: encoder.encode('key'), headers, timestamp: TIME + 1 })
    const tombstone = record(topic, '', { key: new Uint8Array(), value: null, timestamp: TIME + 2 })
    const empty = record(topic, '', { timestamp: TIME + 3 })
    const written = writeAll(transport.write(OPTIONS), [full, tombstone, empty])
    await bed.until(written.isSettled, 'not every record was settled')
    expect(written.codes()).toEqual(['stored', 'stored', 'stored'])
    const read = await readBack(bed, transport, topic, 0)
    const plain = read.map(({ key, value, headers, timestamp }) => ({
      key: key && [...key],
      value: value && [...value],
      headers: headers.map(({ name, value }) => [name, value && [...value]]),
      timestamp,
    }))
    expect(plain).toEqual([
      {
        key: [...encoder.encode('key')],
        value: [...encoder.encode('value')],
        headers: headers.map(({ name, value }) => [name, value && [...value]]),
        timestamp: TIME + 1,
      },
      { key: [], value: null, headers: [], timestamp: TIME + 2 },
      { key: null, value: [], headers: [], timestamp: TIME + 3 },
    ])
    expect(read.map(one => one.hasHeader(encoder.encode('_test')))).toEqual([true, false, false])
    expect(read[0]!.hasHeader(encoder.encode('_tes'))).toBe(false)
    expect(read[0]!.size).toBeGreaterThanOrEqual('valuekey'.length)
  })

  it('chooses the partition of a key as librdkafka does', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 3 })
    const keys = ['a', 'b', 'c', 'd', 'e', 'S1', 'S2', 'S3']
    const records = keys.map(key => record(topic, key, { key: encoder.encode(key) }))
    const written = writeAll(bed.connect().write(OPTIONS), records)
    await bed.until(written.isSettled, 'not every record was settled')
    expect(written.outcomes.map(([outcome]) => outcome && 'partition' in outcome && outcome.partition)).toEqual([0, 2, 0, 0, 0, 0, 2, 2])
  })

  it('stays at one partition for a while without a key', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 4 })
    const written = writeAll(
      bed.connect().write(OPTIONS),
      numbered('v', 50).map(value => record(topic, value)),
    )
    await bed.until(written.isSettled, 'not every record was settled')
    expect(written.codes()).toEqual(numbered('', 50).map(() => 'stored'))
    expect(new Set(written.outcomes.map(([outcome]) => outcome && 'partition' in outcome && outcome.partition)).size).toBe(1)
  })

  it('fails alone what is too large, or goes to a topic or partition that is absent or forbidden', async () => {
    const bed = given()
    const topic = await bed.createTopic({ maxMessageBytes: 5000 })
    const [forbidden, absent] = [await bed.createTopic(), bed.absentTopic()]
    await bed.forbid(forbidden)
    const transport = bed.connect()
    const written = writeAll(transport.write(OPTIONS), [
      record(topic, 'first'),
      record(absent, 'nowhere'),
      record(topic, 'x'.repeat(10_000)),
      record(forbidden, 'secret'),
      record(topic, 'beyond', { partition: 5 }),
      record(topic, 'last'),
    ])
    await bed.until(written.isSettled, 'not every record was settled')
    const codes = written.codes()
    expect(codes[1]).toMatch(/^ALERT_TOPIC_(UNKNOWN|FORBIDDEN)$/)
    expect(codes.filter((_, n) => n !== 1)).toEqual(['stored', 'ALERT_TOO_LARGE', 'ALERT_TOPIC_FORBIDDEN', 'ALERT_TOPIC_UNKNOWN', 'stored'])
    for (const n of [1, 2, 3, 4]) expect(written.outcomes[n]![0]).toMatchObject({ stored: false })
    expect((await readBack(bed, transport, topic, 0)).map(textOf)).toEqual(['first', 'last'])
  })

  it('doubles nothing when answers get lost', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const transport = bed.connect()
    const retried: string[] = []
    const writer = transport.write({ ...OPTIONS, onRetry: (_error, of) => retried.push(of) })
    const values: string[] = []
    for (let round = 0; round < 5; round++) {
      bed.swallowAnswers(round === 4 ? 2 : 1)
      const own = numbered(`${round}.`, 20)
      values.push(...own)
      const written = writeAll(
        writer,
        own.map(value => record(topic, value)),
      )
      await bed.until(written.isSettled, `round ${round} was not settled`)
      expect(written.codes()).toEqual(own.map(() => 'stored'))
    }
    expect((await readBack(bed, transport, topic, 0)).map(textOf)).toEqual(values)
    expect(retried.length).toBeGreaterThanOrEqual(5)
    expect(new Set(retried)).toEqual(new Set([topic]))
  })

  it('sends what is queued at close()', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const transport = bed.connect()
    const writer = transport.write(OPTIONS)
    const written = writeAll(
      writer,
      numbered('v', 500).map(value => record(topic, value)),
    )
    const closing = writer.close(10_000).then(() => written.isSettled())
    await bed.until(written.isSettled, 'not every record was settled')
    expect(await closing).toBe(true)
    expect(written.codes()).toEqual(numbered('', 500).map(() => 'stored'))
    expect(await bed.end(topic, 0)).toBe(500)
    await bed.answer(writer.close(0))
  })

  it('takes nothing after close()', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const writer = bed.connect().write(OPTIONS)
    await bed.answer(writer.close(1000))
    const written = writeAll(writer, [record(topic, 'late')])
    expect(written.outcomes).toEqual([[]])
    await bed.until(written.isSettled, 'it was not settled')
    expect(written.outcomes).toMatchObject([[{ error: { code: 'ALERT_CLOSED' }, stored: false }]])
    expect(await bed.end(topic, 0)).toBe(0)
  })

  it('gives each failed record an error of its own', async () => {
    const bed = given()
    const forbidden = await bed.createTopic()
    await bed.forbid(forbidden)
    const written = writeAll(bed.connect().write(OPTIONS), [record(forbidden, 'a'), record(forbidden, 'b')])
    await bed.until(written.isSettled, 'not both were settled')
    const [first, second] = written.outcomes.map(([outcome]) => outcome?.error)
    expect(first).toBeDefined()
    expect(first).toEqual(second)
    expect(first).not.toBe(second)
  })
}
