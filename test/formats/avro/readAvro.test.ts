import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ReadAvroOptions, readAvro } from '../../../src/formats/avro/readAvro.ts'
import { errorOf } from '../../support/errorOf.ts'
import { block, file, header, items, join, long, real, record, sized, text } from './bytes.ts'

const one = (schema: unknown, bytes: Uint8Array | readonly number[], options?: ReadAvroOptions): unknown => {
  const records = readAvro(file(schema, bytes), options)
  expect(records).toHaveLength(1)
  return records[0]
}

describe('readAvro', () => {
  it.each<[string, unknown, Uint8Array | readonly number[], unknown]>([
    ['null', 'null', [], null],
    ['false', 'boolean', [0], false],
    ['true', { type: 'boolean' }, [1], true],
    ['an int', 'int', long(-3), -3],
    ['a long', 'long', long(2 ** 40 + 1), 2 ** 40 + 1],
    ['a float', 'float', real(1.5, 32), 1.5],
    ['a double', 'double', real(-1e-9, 64), -1e-9],
    ['NaN', 'double', real(Number.NaN, 64), Number.NaN],
    ['bytes', 'bytes', [6, 1, 2, 255], Uint8Array.of(1, 2, 255)],
    ['a string', 'string', text('gravité ☄ 𝒢'), 'gravité ☄ 𝒢'],
    ['a string with a byte order mark', 'string', text('\uFEFFx'), '\uFEFFx'],
    ['a fixed', { type: 'fixed', name: 'F', size: 3 }, [1, 2, 3], Uint8Array.of(1, 2, 3)],
    ['a fixed of nothing', { type: 'fixed', name: 'F', size: 0 }, [], new Uint8Array(0)],
    ['an enum', { type: 'enum', name: 'E', symbols: ['INITIAL', 'UPDATE'] }, [2], 'UPDATE'],
    ['an array', { type: 'array', items: 'long' }, items(long(1), long(-2)), [1, -2]],
    ['an array in blocks', { type: 'array', items: 'int' }, [2, 2, 4, 4, 6, 0], [1, 2, 3]],
    ['an array in sized blocks', { type: 'array', items: 'int' }, [1, 2, 2, 3, 4, 4, 6, 0], [1, 2, 3]],
    ['a map', { type: 'map', values: 'string' }, items(join(text('a'), text('b')), join(text('c'), text(''))), { a: 'b', c: '' }],
    ['a map with a key twice', { type: 'map', values: 'int' }, items(join(text('a'), long(1)), join(text('a'), long(2))), { a: 2 }],
    ['a record', record('R', { far: 'double', id: 'string' }), join(real(2, 64), text('S1')), { far: 2, id: 'S1' }],
    ['an error', { ...record('R', { id: 'string' }), type: 'error' }, text('S1'), { id: 'S1' }],
    ['a record without fields', { type: 'record', name: 'R' }, [], {}],
    ['a union', ['null', 'string'], join([2], text('x')), 'x'],
    ['a logical type, raw', { type: 'long', logicalType: 'timestamp-millis' }, long(1e12), 1e12],
    ['a type within a type', { type: { type: 'array', items: { type: 'int' } } }, [2, 8, 0], [4]],
  ])('reads %s', (_, schema, bytes, value) => {
    expect(one(schema, bytes)).toEqual(value)
  })

  it('reads all records of all blocks', () => {
    const blocks = [block(2, [2, 4]), block(0, []), block(1, [6])]
    expect(readAvro(join(header({ schema: 'int' }), ...blocks))).toEqual([1, 2, 3])
    expect(readAvro(header({ schema: 'int' }))).toEqual([])
  })

  it('reads a codec that is named, or none, and metadata that it does not know', () => {
    const metadata = { 'avro.codec': 'null', 'mine.note': 'x' }
    expect(readAvro(join(header({ schema: 'int', metadata }), block(1, [2])))).toEqual([1])
  })

  it('reads blocks that are deflated, also with what fastavro leaves behind them', () => {
    const deflated = deflateRawSync(join(...Array.from({ length: 5000 }, () => text('gravité'))))
    const start = header({ schema: 'string', metadata: { 'avro.codec': 'deflate' } })
    const values = Array.from({ length: 5000 }, () => 'gravité')
    expect(readAvro(join(start, block(5000, deflated)))).toEqual(values)
    expect(readAvro(join(start, block(5000, join(deflated, [1, 2, 3]))))).toEqual(values)
  })

  it('gives bytes of their own, with nothing around them', () => {
    const bytes = file('bytes', sized([1, 2, 3]))
    const [value] = readAvro(bytes) as [Uint8Array]
    bytes.fill(0)
    expect([...value]).toEqual([1, 2, 3])
    expect(value.buffer.byteLength).toBe(3)
  })

  it('reads what is a view of a larger buffer', () => {
    const bytes = file('double', real(1.5, 64))
    const larger = new Uint8Array(bytes.length + 20)
    larger.set(bytes, 7)
    expect(readAvro(larger.subarray(7, 7 + bytes.length))).toEqual([1.5])
  })

  it('rounds longs beyond 2^53, unless bigints are asked for', () => {
    const schema = { type: 'array', items: 'long' }
    const exact = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, 1419724818123456789n, 2n ** 53n - 1n, 0n]
    const bytes = items(...exact.map(long))
    expect(one(schema, bytes)).toEqual(exact.map(Number))
    expect(one(schema, bytes, { bigints: true })).toEqual([...exact.slice(0, 4), 2 ** 53 - 1, 0])
  })

  it('reads any long exactly', () => {
    const value = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.maxSafeInteger().map(BigInt))
    fc.assert(
      fc.property(value, exact => {
        const expected = Number.isSafeInteger(Number(exact)) ? Number(exact) : exact
        expect(one('long', long(exact), { bigints: true })).toBe(expected)
        expect(one('long', long(exact))).toBe(Number(exact))
      }),
    )
  })

  describe('names', () => {
    it('resolves them in their namespaces', () => {
      const inner = { type: 'fixed', name: 'F', size: 1 }
      const schema = {
        ...record('R', { a: inner, b: 'F', c: 'gw.F', d: { type: 'array', items: 'other.G' }, e: 'Plain' }),
        namespace: 'gw',
      }
      const outer = [{ type: 'fixed', name: 'other.G', size: 2 }, { type: 'fixed', name: 'Plain', size: 1 }, schema]
      const bytes = join(long(2), [1, 2, 3], long(1), [4, 5], long(0), [6])
      expect(one(outer, bytes)).toEqual({
        a: Uint8Array.of(1),
        b: Uint8Array.of(2),
        c: Uint8Array.of(3),
        d: [Uint8Array.of(4, 5)],
        e: Uint8Array.of(6),
      })
    })

    it('takes the namespace out of a full name', () => {
      const schema = record('gw.alert.R', { a: { type: 'enum', name: 'E', symbols: ['x'] }, b: 'gw.alert.E', c: 'E' })
      expect(one(schema, [0, 0, 0])).toEqual({ a: 'x', b: 'x', c: 'x' })
    })

    it('reads records that hold themselves', () => {
      const node = record('Node', { id: 'int', next: ['null', 'Node'] })
      expect(one(node, [2, 2, 4, 2, 6, 0])).toEqual({ id: 1, next: { id: 2, next: { id: 3, next: null } } })
    })

    it('ignores aliases, defaults, documentation and what it does not know', () => {
      const field = { name: 'a', type: 'int', default: 'not an int', aliases: 'no list', doc: 5, order: 'ignore' }
      expect(one({ type: 'record', name: 'R', aliases: ['S'], doc: '', x: null, fields: [field] }, [2])).toEqual({ a: 1 })
    })
  })

  describe('as lenient as hop writes', () => {
    it('reads empty unions, while nothing is in them', () => {
      expect(one({ type: 'map', values: [] }, [0])).toEqual({})
      expect(one({ type: 'array', items: [] }, [0])).toEqual([])
      expect(errorOf(() => one({ type: 'array', items: [] }, [2, 0, 0])).message).toContain(
        ', [0][0]: got the number 0, expected one of the 0 branches of a union, counted from 0',
      )
    })

    it('reads unions with several maps and arrays, or the same type twice: the number decides', () => {
      const maps = { type: 'array', items: ['string', 'long'].map(values => ({ type: 'map', values })) }
      const a = join([2], items(join(text('a'), long(1))))
      const b = join([0], items(join(text('b'), text('x'))))
      expect(one(maps, items(a, b))).toEqual([{ a: 1 }, { b: 'x' }])
      expect(one(['int', 'int', ['null', 'int']], [4, 2, 8])).toBe(4)
    })

    it('reads names that Avro does not allow', () => {
      const schema = record('1 bad-name!', { 'a b': 'int', '': 'int', '🌍': 'int', 'x.y': 'int' })
      expect(one(schema, [2, 4, 6, 8])).toEqual({ 'a b': 1, '': 2, '🌍': 3, 'x.y': 4 })
    })

    it('reads NaN in the text of a schema, as Python writes it', () => {
      const schema = '{"type": "record", "name": "R", "fields": [{"name": "far", "type": "double", "default": NaN}]}'
      const bytes = join(header({ metadata: { 'avro.schema': schema } }), block(1, real(1, 64)))
      expect(readAvro(bytes)).toEqual([{ far: 1 }])
    })
  })

  it.each([
    ['a record', record('R', Object.fromEntries([['__proto__', { type: 'map', values: 'int' }]])), items(join(text('admin'), long(1)))],
    ['a map', { type: 'map', values: { type: 'map', values: 'int' } }, items(join(text('__proto__'), items(join(text('admin'), long(1)))))],
  ])('keeps __proto__ of %s as a field like any other', (_, schema, bytes) => {
    const value = one(schema, bytes) as Record<string, unknown>
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(Object.getOwnPropertyDescriptor(value, '__proto__')).toEqual({
      value: { admin: 1 },
      configurable: true,
      enumerable: true,
      writable: true,
    })
    expect(value['admin']).toBeUndefined()
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined()
  })

  it('reads types that are named as what every object inherits', () => {
    expect(errorOf(() => one('constructor', [0])).message).toContain('got the name "constructor"')
    const schema = record('toString', { hasOwnProperty: { type: 'fixed', name: 'constructor', size: 1 }, valueOf: 'constructor' })
    expect(one(schema, [1, 2])).toEqual({ hasOwnProperty: Uint8Array.of(1), valueOf: Uint8Array.of(2) })
  })

  it('knows a schema again, but not at another depth', () => {
    const schema = { type: 'array', items: { type: 'array', items: 'int' } }
    expect(one(schema, items(items(long(1))))).toEqual([[1]])
    expect(errorOf(() => one(schema, [0], { limits: { avroDepth: 1 } })).message).toContain('types nest deeper')
    expect(one(schema, items(items(long(2))))).toEqual([[2]])
  })

  it('reads a schema of any text anew: 100 of them, each twice', () => {
    for (let n = 0; n < 200; n++) expect(one(record(`R${n % 100}`, { [`f${n % 100}`]: 'int' }), [2])).toEqual({ [`f${n % 100}`]: 1 })
  })
})
