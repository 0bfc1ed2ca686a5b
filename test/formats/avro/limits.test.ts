import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { AlertError } from '../../../src/errors.ts'
import { type ReadAvroOptions, readAvro } from '../../../src/formats/avro/readAvro.ts'
import { errorOf } from '../../support/errorOf.ts'
import { block, file, header, items, join, long, text } from './bytes.ts'

const node = {
  type: 'record',
  name: 'Node',
  fields: [{ name: 'next', type: ['null', 'Node'] }],
}
const empty = { type: 'record', name: 'Empty', fields: [] }

/** Milliseconds of work; more than any of these takes, far less than to do what the bytes say. */
const SOON = 3000
const MiB = 1024 * 1024

/** Milliseconds that this process has worked: what else runs on the machine does not count. */
function worked(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** The error, which must come soon and without much memory. */
function refusal(bytes: Uint8Array, options?: ReadAvroOptions): AlertError {
  const memory = process.memoryUsage().rss
  const started = worked()
  const error = errorOf(() => readAvro(bytes, options))
  expect(worked() - started).toBeLessThan(SOON)
  expect(process.memoryUsage().rss - memory).toBeLessThan(512 * MiB)
  return error
}

/** Levels of records, each with two of the level below: 2^n values of no bytes at all. */
function doubling(levels: number): unknown {
  let below: unknown = 'null'
  for (let level = 0; level < levels; level++) {
    const first = { name: 'a', type: below }
    const second = { name: 'b', type: typeof below === 'string' ? below : `R${level - 1}` }
    below = { type: 'record', name: `R${level}`, fields: [first, second] }
  }
  return below
}

describe('the bounds of readAvro', () => {
  it.each<[string, Uint8Array]>([
    ['an array of a million million nulls', file({ type: 'array', items: 'null' }, join(long(1e12), long(0)))],
    ['2^63 of them, in a sized block', file({ type: 'array', items: 'null' }, join(long(-(2n ** 63n)), long(0), long(0)))],
    ['an array of records without fields', file({ type: 'array', items: empty }, join(long(1e12), long(0)))],
    ['an array of fixed of no bytes', file({ type: 'array', items: { type: 'fixed', name: 'F', size: 0 } }, join(long(1e12), long(0)))],
    ['a map of a million million entries', file({ type: 'map', values: 'null' }, join(long(1e12), text('a')))],
    ['a million million records of null', join(header({ schema: 'null' }), block(1e12, []))],
    ['metadata of a million million entries', join([0x4f, 0x62, 0x6a, 1], long(1e12))],
  ])('%s', (_, bytes) => {
    const error = refusal(bytes)
    expect(error.code).toBe('ALERT_TOO_LARGE')
    expect(error.message).toMatch(/^not Avro: byte \d+.*: got \d+ more values, expected at most limits.avroItems, 1000000, in all$/)
  })

  it('many arrays of many nulls count together', () => {
    const inner = join(long(3e5), long(0))
    const error = refusal(file({ type: 'array', items: { type: 'array', items: 'null' } }, items(inner, inner, inner, inner, inner)))
    expect(error.code).toBe('ALERT_TOO_LARGE')
    expect(error.message).toContain('[0][3]: got 300000 more values')
  })

  it('records of records, doubled 60 times, of no bytes', () => {
    const error = refusal(file(doubling(60), []))
    expect(error.code).toBe('ALERT_TOO_LARGE')
    expect(error.message).toContain('got more values, expected at most limits.avroItems')
  })

  it('as many values as are allowed, and no more', () => {
    const bytes = join(header({ schema: { type: 'array', items: 'int' } }), block(1, items([2], [4], [6])))
    const metadata = 2 // the map of the header and its one entry
    expect(readAvro(bytes, { limits: { avroItems: metadata + 4 } })).toEqual([[1, 2, 3]])
    expect(errorOf(() => readAvro(bytes, { limits: { avroItems: metadata + 3 } })).code).toBe('ALERT_TOO_LARGE')
  })

  it('as many bytes as are allowed, and no more', () => {
    const bytes = file('int', [2])
    expect(readAvro(bytes, { limits: { avroBytes: bytes.length } })).toEqual([1])
    const error = errorOf(() => readAvro(bytes, { limits: { avroBytes: bytes.length - 1 } }))
    expect(error.code).toBe('ALERT_TOO_LARGE')
    expect(error.message).toBe(`${bytes.length} bytes of Avro, more than limits.avroBytes, ${bytes.length - 1}`)
  })

  it('bytes that inflate to a hundred times more', () => {
    const zeros = deflateRawSync(new Uint8Array(64 * MiB))
    const bytes = join(header({ schema: 'bytes', metadata: { 'avro.codec': 'deflate' } }), block(1, zeros))
    const error = refusal(bytes, { limits: { avroBytes: 8 * MiB } })
    expect(error.code).toBe('ALERT_TOO_LARGE')
    expect(error.message).toMatch(/inflates to more than limits.avroBytes allows, 8388608 more bytes$/)
  })

  it('blocks that inflate to more in all than one may', () => {
    const one = block(1, deflateRawSync(join(long(MiB), new Uint8Array(MiB))))
    const bytes = join(header({ schema: 'bytes', metadata: { 'avro.codec': 'deflate' } }), one, one, one)
    expect(readAvro(bytes)).toHaveLength(3)
    expect(refusal(bytes, { limits: { avroBytes: 2.5 * MiB } }).code).toBe('ALERT_TOO_LARGE')
  })

  it('a list of records as deep as is allowed, and no deeper', () => {
    const deep = (depth: number) => file(node, join(...Array.from({ length: depth - 1 }, () => [2]), [0]))
    expect(JSON.stringify(readAvro(deep(100))).match(/next/g)).toHaveLength(100)
    const error = refusal(deep(101))
    expect(error.code).toBe('ALERT_TOO_LARGE')
    expect(error.message).toMatch(/^not Avro: byte \d+, \[0](\.next){100}: values nest deeper than limits.avroDepth, 100$/)
  })

  it('a list of records deeper than the stack, if limits.avroDepth lets it', () => {
    const error = refusal(file(node, new Uint8Array(MiB).fill(2)), { limits: { avroDepth: 1e9 } })
    expect(error.code).toBe('ALERT_TOO_LARGE')
    expect(error.message).toContain('deeper than the stack of this program')
  })

  it('a record that holds itself and nothing else', () => {
    const schema = { type: 'record', name: 'R', fields: [{ name: 'r', type: 'R' }] }
    expect(refusal(file(schema, [])).code).toBe('ALERT_TOO_LARGE')
  })

  it.each<[string, string, string]>([
    ['arrays', '{"type":"array","items":', '}'],
    ['unions', '[', ']'],
    ['types in types', '{"type":', '}'],
    ['records', '{"type":"record","name":"', '}'],
  ])('a schema of 20 000 nested %s', (what, open, close) => {
    const level = (n: number) => (what === 'records' ? `${open}R${n}","fields":[{"name":"a","type":` : open)
    const end = what === 'records' ? '}]}' : close
    const schema = `${Array.from({ length: 2e4 }, (_, n) => level(n)).join('')}"null"${end.repeat(2e4)}`
    const error = refusal(header({ metadata: { 'avro.schema': schema } }))
    expect(error.message).toMatch(
      /types nest deeper than limits.avroDepth, 100$|arrays and objects nest deeper than 500$|a header of \d+ bytes/,
    )
  })

  it('a header of more than 16 MiB', () => {
    const error = refusal(header({ schema: 'int', metadata: { note: 'x'.repeat(16 * MiB) } }))
    expect(error.code).toBe('ALERT_TOO_LARGE')
    expect(error.message).toMatch(/got a header of \d+ bytes, expected at most 16777216$/)
  })

  it('a schema of 4 MB', () => {
    const fields = Array.from({ length: 100_000 }, (_, n) => ({ name: `f${n}`, type: ['null', 'int'] }))
    const bytes = file({ type: 'record', name: 'R', fields }, new Uint8Array(100_000))
    const started = worked()
    const [value] = readAvro(bytes)
    expect(worked() - started).toBeLessThan(SOON)
    expect(Object.keys(value as object)).toHaveLength(100_000)
  })

  it.each<[string, unknown, readonly number[]]>([
    ['bytes', 'bytes', [2, 7]],
    ['empty bytes', 'bytes', [0]],
    ['empty maps', { type: 'map', values: 'null' }, [0]],
    ['empty arrays', { type: 'array', items: 'null' }, [0]],
    ['empty records', empty, []],
    ['maps of one entry', { type: 'map', values: 'null' }, [2, 2, 0x61, 0]],
  ])('a tenth of the values that are allowed, %s, take a tenth of the memory that is bearable', (_, schema, value) => {
    const count = 400_000
    const data = Uint8Array.from({ length: count * value.length }, (_, i) => value[i % value.length] ?? 0)
    const bytes = file({ type: 'array', items: schema }, join(long(count), data, long(0)))
    const memory = process.memoryUsage().rss
    const [array] = readAvro(bytes)
    expect(array).toHaveLength(count)
    expect(process.memoryUsage().rss - memory).toBeLessThan(256 * MiB)
  })
})
