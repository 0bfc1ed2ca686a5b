import { deflateRawSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { readAvro } from '../../../src/formats/avro/readAvro.ts'
import { errorOf } from '../../support/errorOf.ts'
import { block, file, header, items, join, long, real, record, SYNC, text } from './bytes.ts'

describe('what readAvro refuses', () => {
  const int = header({ schema: 'int' })
  const at = int.length

  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), "byte 0: got nothing, expected 4f 62 6a 01: 'Obj' and 1"],
    ['JSON', new TextEncoder().encode('{"a": 1}'), "byte 0: got 7b 22 61 22, expected 4f 62 6a 01: 'Obj' and 1"],
    ['another version', Uint8Array.of(0x4f, 0x62, 0x6a, 2), "byte 0: got 4f 62 6a 02, expected 4f 62 6a 01: 'Obj' and 1"],
    ['no more than its first bytes', int.subarray(0, 4), 'byte 4: got the end of the data after 0 bytes, expected 1 more: an integer'],
    [
      'no sync marker',
      int.subarray(0, at - 1),
      `byte ${at - 16}: got the end of the data after 15 bytes, expected 16 more: the sync marker`,
    ],
    ['no schema', header({}), 'byte 4: got a header without avro.schema, expected the schema'],
    [
      'another codec',
      header({ schema: 'int', metadata: { 'avro.codec': 'snappy' } }),
      'byte 4: got the codec "snappy", expected null or deflate',
    ],
    [
      'a schema that is not JSON',
      header({ metadata: { 'avro.schema': '{' } }),
      'byte 4: schema: not JSON: line 1, column 2: got the end of the text, expected a key in double quotes',
    ],
    ['a negative count', join(int, block(-1, [2])), `byte ${at}: got a block of -1 records, expected 0 or more`],
    ['a block longer than the data', join(int, [2, 100]), `byte ${at + 1}: got a block of 50 bytes, expected at most the 0 that are left`],
    ['a block of negative length', join(int, [2, 1]), `byte ${at + 1}: got -1 as the length of a block, expected 0 or more`],
    [
      'a wrong sync marker',
      join(
        int,
        block(
          1,
          [2],
          SYNC.map(byte => byte ^ 1),
        ),
      ),
      `byte ${at + 3}: got a1 a0 a3 a2 a5 a4 a7 a6 a9 a8 ab aa ad ac af ae after the block, expected the sync marker a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 aa ab ac ad ae af`,
    ],
    [
      'trailing bytes',
      join(int, block(1, [2]), [0x80]),
      `byte ${at + 20}: got the end of the data after 0 bytes, expected 1 more: an integer`,
    ],
    [
      'more bytes than records',
      join(int, block(1, [2, 4])),
      `byte ${at + 3}: got 1 bytes more after 1 records, expected the end of the block`,
    ],
    [
      'fewer bytes than records',
      join(int, block(2, [2])),
      `byte ${at + 3}, [1]: got the end of the data after 0 bytes, expected 1 more: an integer`,
    ],
  ])('%s', (_, bytes, message) => {
    const error = errorOf(() => readAvro(bytes))
    expect(error.message).toBe(`not Avro: ${message}`)
    expect(error.code).toBe('ALERT_DECODE')
  })

  it.each<[string, unknown, Uint8Array | readonly number[], string]>([
    ['no boolean', 'boolean', [2], 'byte 0, [0]: got the byte 2, expected a boolean, 0 or 1'],
    ['a double cut short', 'double', [1, 2], 'byte 0, [0]: got the end of the data after 2 bytes, expected 8 more: a double'],
    ['a float cut short', 'float', [1], 'byte 0, [0]: got the end of the data after 1 bytes, expected 4 more: a float'],
    ['an integer of 65 bits', 'long', [...Array(9).fill(255), 2], 'byte 10, [0]: got an integer of more than 64 bits'],
    ['an integer without an end', 'long', Array(12).fill(255), 'byte 10, [0]: got an integer of more than 64 bits'],
    [
      'a string longer than the data',
      'string',
      long(2n ** 62n),
      'byte 0, [0]: got a string of 4611686018427388000 bytes, expected at most the 0 that are left',
    ],
    ['bytes of negative length', 'bytes', long(-2), 'byte 0, [0]: got -2 as the length of bytes, expected 0 or more'],
    ['a string that is not UTF-8', 'string', [4, 0xc3, 0x28], 'byte 0, [0]: got a string of 2 bytes that are not UTF-8'],
    [
      'a fixed cut short',
      { type: 'fixed', name: 'F', size: 2 ** 50 },
      [1],
      'byte 0, [0]: got the end of the data after 1 bytes, expected 1125899906842624 more: a fixed type',
    ],
    [
      'a symbol that is none',
      { type: 'enum', name: 'E', symbols: ['a'] },
      [2],
      'byte 0, [0]: got the number 1, expected one of the 1 symbols of an enum, counted from 0',
    ],
    [
      'a symbol below 0',
      { type: 'enum', name: 'E', symbols: ['a'] },
      [1],
      'byte 0, [0]: got the number -1, expected one of the 1 symbols of an enum, counted from 0',
    ],
    [
      'a branch that is none',
      ['null', 'int'],
      [4],
      'byte 0, [0]: got the number 2, expected one of the 2 branches of a union, counted from 0',
    ],
    [
      'a branch far away',
      ['null'],
      long(2n ** 62n),
      'byte 0, [0]: got the number 4611686018427388000, expected one of the 1 branches of a union, counted from 0',
    ],
    [
      'a block of a wrong size',
      { type: 'array', items: 'int' },
      [1, 4, 2, 0],
      'byte 3, [0][0]: got a block that ends here, expected its end at byte 4',
    ],
    [
      'a block that is too long',
      { type: 'array', items: 'int' },
      [1, 40, 2, 0],
      'byte 1, [0]: got a block of 20 bytes, expected at most the 2 that are left',
    ],
    [
      'a value deep within',
      { type: 'array', items: record('R', { event: record('E', { far: 'double' }) }) },
      [4, ...real(1, 64), 1],
      'byte 9, [0][1].event.far: got the end of the data after 1 bytes, expected 8 more: a double',
    ],
    [
      'a value under an odd key',
      { type: 'map', values: 'boolean' },
      items(join(text('a "b"'), [7])),
      'byte 7, [0]["a \\"b\\""]: got the byte 7, expected a boolean, 0 or 1',
    ],
    [
      'a value under a long key',
      { type: 'map', values: 'boolean' },
      items(join(text('k'.repeat(1000)), [7])),
      `byte 1003, [0]["${'k'.repeat(60)}"...]: got the byte 7, expected a boolean, 0 or 1`,
    ],
  ])('%s', (_, schema, bytes, message) => {
    const error = errorOf(() => readAvro(file(schema, bytes)))
    const start = header({ schema }).length + 1 + long(bytes.length).length
    expect(error.message.replace(/(Avro: byte|end at byte) (\d+)/g, (_, words, n) => `${words} ${Number(n) - start}`)).toBe(
      `not Avro: ${message}`,
    )
    expect(error.code).toBe('ALERT_DECODE')
  })

  it.each<[string, unknown, string]>([
    ['a number', 5, 'schema: got 5, expected a type: a name, an object or an array'],
    ['a type that it does not know', 'strnig', 'schema: got the name "strnig", expected a type that is defined before'],
    ['an object without a type', { items: 'int' }, 'schema.type: got nothing, expected a type: a name, an object or an array'],
    ['an array without items', { type: 'array' }, 'schema.items: got nothing, expected a type: a name, an object or an array'],
    ['a map without values', { type: 'map', values: null }, 'schema.values: got null, expected a type: a name, an object or an array'],
    ['a branch that is none', ['null', true], 'schema[1]: got true, expected a type: a name, an object or an array'],
    ['a record without a name', { type: 'record', fields: [] }, 'schema: got nothing as the name of a type, expected a string'],
    ['fields that are no list', { type: 'record', name: 'R', fields: {} }, 'schema: got an object as fields, expected an array'],
    ['a field that is none', { type: 'record', name: 'R', fields: ['a'] }, 'schema.fields[0]: got "a", expected a field with a name'],
    [
      'a field without a name',
      { type: 'record', name: 'R', fields: [{ type: 'int' }] },
      'schema.fields[0]: got an object, expected a field with a name',
    ],
    [
      'a field without a type',
      { type: 'record', name: 'R', fields: [{ name: 'a' }] },
      'schema.fields[0].type: got nothing, expected a type: a name, an object or an array',
    ],
    ['a namespace that is none', { type: 'fixed', name: 'F', namespace: 1, size: 1 }, 'schema: got 1 as a namespace, expected a string'],
    [
      'a size below 0',
      { type: 'fixed', name: 'F', size: -1 },
      'schema: got -1 as the size of a fixed type, expected 0 or a positive integer',
    ],
    [
      'a size that is no integer',
      { type: 'fixed', name: 'F', size: 1.5 },
      'schema: got 1.5 as the size of a fixed type, expected 0 or a positive integer',
    ],
    [
      'symbols that are none',
      { type: 'enum', name: 'E', symbols: ['a', 1] },
      'schema: got an array as the symbols of an enum, expected an array of strings',
    ],
    [
      'a name twice',
      [
        { type: 'fixed', name: 'F', size: 1 },
        { type: 'enum', name: 'F', symbols: [] },
      ],
      'schema[1]: the type "F" is defined twice',
    ],
    [
      'a name before it is defined',
      record('R', { a: 'F', b: { type: 'fixed', name: 'F', size: 1 } }),
      'schema.fields[0].type: got the name "F", expected a type that is defined before',
    ],
  ])('a schema: %s', (_, schema, message) => {
    const error = errorOf(() => readAvro(header({ schema })))
    expect(error.message).toBe(`not Avro: byte 4: ${message}`)
    expect(error.code).toBe('ALERT_DECODE')
  })

  it('names the block whose inflated bytes are wrong', () => {
    const start = header({ schema: 'boolean', metadata: { 'avro.codec': 'deflate' } })
    const error = errorOf(() => readAvro(join(start, block(3, deflateRawSync(Uint8Array.of(0, 1, 2))))))
    expect(error.message).toBe(
      `not Avro: byte 2 of the inflated block at byte ${start.length}, [2]: got the byte 2, expected a boolean, 0 or 1`,
    )
    expect(errorOf(() => readAvro(join(start, block(1, [7])))).message).toBe(
      `not Avro: the block at byte ${start.length} is not deflate data: a block of a kind that deflate does not know`,
    )
  })
})
