import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AlertError } from '../../src/errors.ts'
import { type ReadJsonOptions, readJson, writeJson } from '../../src/formats/json.ts'
import { parseExact } from '../../src/formats/jsonParser.ts'
import { errorOf } from '../support/errorOf.ts'

const utf8 = new TextEncoder()
const read = (text: string, options?: ReadJsonOptions): unknown => readJson(utf8.encode(text), options)
const written = (value: unknown): string => new TextDecoder().decode(writeJson(value))
const exact = (text: string, bigints = false): unknown => parseExact(text, { bigints, depth: 500 })

/** What both parsers make of a text: the value, or that it is none. */
function outcome(parse: (text: string) => unknown, text: string): unknown {
  try {
    return { value: parse(text) }
  } catch {
    return 'not JSON'
  }
}

describe('readJson', () => {
  it('reads what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), text => {
        expect(read(text, { unwrap: 0 })).toEqual(JSON.parse(text))
      }),
    )
  })

  it("reads Python's NaN, Infinity and -Infinity", () => {
    expect(read('{"far": NaN, "up": [Infinity, -Infinity], "n": 1}')).toEqual({
      far: Number.NaN,
      up: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
      n: 1,
    })
    expect(read('NaN')).toBeNaN()
  })

  it('rounds integers beyond 2^53 as JSON.parse does, unless bigints are asked for', () => {
    expect(read('1419724818123456789')).toBe(1419724818123456800)
    expect(
      read('{"t": 1419724818123456789, "n": 9007199254740991, "x": 1.419724818123456789, "f": -9007199254740993}', { bigints: true }),
    ).toEqual({ t: 1419724818123456789n, n: 9007199254740991, x: 1.4197248181234567, f: -9007199254740993n })
    expect(read('{"far": NaN, "t": 1419724818123456789}')).toEqual({ far: Number.NaN, t: 1419724818123456800 })
  })

  it('refuses integers longer than Python reads, as bigints', () => {
    expect(read('9'.repeat(4301))).toBe(Number.POSITIVE_INFINITY)
    expect(errorOf(() => read('9'.repeat(4301), { bigints: true })).message).toMatch(/an integer of 4301 digits; at most 4300 are read/)
    expect(read('9'.repeat(4300), { bigints: true })).toBe(10n ** 4300n - 1n)
  })

  it('keeps the last of equal keys, and __proto__ as a key like any other', () => {
    const text = '{"a": NaN, "b": 1, "b": 2, "__proto__": {"admin": true}}'
    const value = read(text) as Record<string, unknown>
    expect(value['b']).toBe(2)
    expect(Object.keys(value)).toEqual(['a', 'b', '__proto__'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
    expect(value['admin']).toBeUndefined()
  })

  it.each([
    ['an object in a string', '"{\\"a\\": 1}"', { a: 1 }],
    ['an array in a string', '"[1, 2]"', [1, 2]],
    ['NaN within', '"{\\"a\\": NaN}"', { a: Number.NaN }],
    ['two layers', JSON.stringify(JSON.stringify('{"a":1}')), { a: 1 }],
    ['three layers', JSON.stringify(JSON.stringify(JSON.stringify('{"a":1}'))), { a: 1 }],
  ])('unwraps %s', (_, text, value) => {
    expect(read(text)).toEqual(value)
  })

  it.each([
    ['plain text', '"S190425z"', 'S190425z'],
    ['a number in a string', '"12"', '12'],
    ['a quoted string in a string', '"\\"S190425z\\""', '"S190425z"'],
    ['what begins like JSON and is none', '"{not json"', '{not json'],
    ['a layer that is none, two deep', JSON.stringify(JSON.stringify('[oops')), '"[oops"'],
    ['a string in an object', '{"a": "{\\"b\\": 1}"}', { a: '{"b": 1}' }],
    [
      'the fourth layer',
      JSON.stringify(JSON.stringify(JSON.stringify(JSON.stringify('{}')))),
      JSON.stringify(JSON.stringify(JSON.stringify('{}'))),
    ],
  ])('leaves %s as it is', (_, text, value) => {
    expect(read(text)).toEqual(value)
  })

  it('unwraps nothing when told so', () => {
    expect(read('"{}"', { unwrap: 0 })).toBe('{}')
  })

  it.each([
    ['', 'line 1, column 1: got the end of the text, expected a value'],
    ['{"a": 1,\n "b": x}', "line 2, column 7: got 'x', expected a value"],
    ['{"a" 1}', "line 1, column 6: got '1', expected ':'"],
    ['{"a": 1 "b"}', "line 1, column 9: got '\"', expected ',' or '}'"],
    ['{a: 1}', "line 1, column 2: got 'a', expected a key in double quotes"],
    ['[1, 2', "line 1, column 6: got the end of the text, expected ',' or ']'"],
    ['[1,]', "line 1, column 4: got ']', expected a value"],
    ['1 2', "line 1, column 3: got '2', expected the end of the text"],
    ['01', "line 1, column 2: got '1', expected the end of the text"],
    ['"abc', "line 1, column 5: got the end of the text, expected '\"'"],
    ['"a\tb"', 'line 1, column 3: got U+0009, expected an escape instead of a control character'],
    ['"\\x"', "line 1, column 3: got 'x', expected an escape that JSON knows"],
    ['"\\u00g0"', "line 1, column 4: got '0', expected four hexadecimal digits"],
    ['-', "line 1, column 1: got '-', expected a value"],
    ['\uFEFF{}', 'line 1, column 1: got U+FEFF, expected a value'],
  ])('says where %j is wrong', (text, message) => {
    const error = errorOf(() => read(text))
    expect(error.code).toBe('ALERT_DECODE')
    expect(error.message).toBe(`not JSON: ${message}`)
  })

  it('says so of bytes that are no text', () => {
    const error = errorOf(() => readJson(Uint8Array.of(0x4f, 0x62, 0x6a, 0xff)))
    expect(error.code).toBe('ALERT_DECODE')
    expect(error.message).toBe('not JSON: its 4 bytes are not UTF-8 text')
  })

  it('keeps to the limits', () => {
    expect(errorOf(() => read('[1, 2, 3]', { limits: { jsonBytes: 8 } })).code).toBe('ALERT_TOO_LARGE')
    expect(read('[1, 2, 3]', { limits: { jsonBytes: 9 } })).toEqual([1, 2, 3])
    expect(read('[[NaN], {"a": NaN}, []]', { limits: { jsonDepth: 2 } })).toEqual([[Number.NaN], { a: Number.NaN }, []])
    expect(errorOf(() => read('[[[NaN]]]', { limits: { jsonDepth: 2 } })).message).toBe(
      'not JSON: line 1, column 3: arrays and objects nest deeper than 2',
    )
  })

  it('bounds the depth of any JSON, not only of what the exact parser has to read: whoever walks the value has a stack', () => {
    const nested = (depth: number, inner = ''): string => `${'{"a":['.repeat(depth / 2)}${inner}${']}'.repeat(depth / 2)}`
    expect(read(nested(500))).toEqual(JSON.parse(nested(500)))
    for (const text of [nested(502), '['.repeat(501) + ']'.repeat(501)]) {
      const { code, message } = errorOf(() => read(text))
      expect([code, message]).toEqual(['ALERT_DECODE', expect.stringMatching(/nest deeper than 500$/)])
    }
    // A string that holds it stays one.
    expect(read(JSON.stringify(nested(502)))).toBe(nested(502))
    expect(read('[[]]', { limits: { jsonDepth: 2 } })).toEqual([[]])
    expect(errorOf(() => read('[[[]]]', { limits: { jsonDepth: 2 } })).message).toContain('nest deeper than 2')
  })

  it.each([
    ['brackets within strings', JSON.stringify(Array.from({ length: 3 }, () => '[{'.repeat(1_000)))],
    ['quotes and backslashes within strings', JSON.stringify(['"[\\"['.repeat(1_000), '\\'.repeat(1_001), '['.repeat(1_000)])],
    ['many arrays beside each other', JSON.stringify(Array.from({ length: 3_000 }, () => [{}]))],
  ])('does not take %s for depth', (_, text) => expect(read(text)).toEqual(JSON.parse(text)))

  it('survives depth that would overflow the stack', () => {
    const deep = `${'['.repeat(200_000)}NaN`
    expect(errorOf(() => read(deep)).code).toBe('ALERT_DECODE')
    expect(errorOf(() => read(`{"a":${deep}`)).code).toBe('ALERT_DECODE')
  })
})

describe('the exact parser', () => {
  it('agrees with JSON.parse on valid JSON, spacing included', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1, '\t', '\r\n'), (value, space) => {
        const text = JSON.stringify(value, undefined, space)
        expect(exact(text)).toEqual(JSON.parse(text))
      }),
    )
  })

  it('agrees with JSON.parse on strings with every escape, lone surrogates too', () => {
    const piece = fc.constantFrom(
      '\\"',
      '\\\\',
      '\\/',
      '\\b',
      '\\f',
      '\\n',
      '\\r',
      '\\t',
      '\\u00e9',
      '\\ud83d\\ude00',
      '\\uD83D',
      'x',
      'é',
      '😀',
    )
    fc.assert(
      fc.property(fc.array(piece), parts => {
        const text = `"${parts.join('')}"`
        expect(exact(text)).toBe(JSON.parse(text))
      }),
    )
  })

  it('agrees with JSON.parse on numbers', () => {
    const number = fc.stringMatching(/^-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?$/)
    fc.assert(
      fc.property(number, text => {
        expect(exact(text)).toBe(JSON.parse(text))
      }),
    )
  })

  it('agrees with JSON.parse on what is not JSON', () => {
    const mutant = fc
      .tuple(
        fc.json({ maxDepth: 3 }),
        fc.nat(),
        fc.nat(3),
        fc.constantFrom('', '"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', 'e', '\u0000', '\n'),
      )
      .map(([text, at, cut, put]) => text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + cut))
    fc.assert(
      fc.property(mutant, text => {
        expect(outcome(exact, text)).toEqual(outcome(JSON.parse, text))
      }),
      { numRuns: 3000 },
    )
  })

  it('makes bigints of exactly the integers that a number cannot hold', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n })), integers => {
        const expected = integers.map(integer => (Number.isSafeInteger(Number(integer)) ? Number(integer) : integer))
        expect(read(`[${integers.join(', ')}]`, { bigints: true })).toEqual(expected)
      }),
    )
  })

  it('reads or refuses any bytes, with an AlertError', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.string({ unit: fc.constantFrom(...'{}[]",:0-eNa\\u ') }).map(text => utf8.encode(text)),
    )
    fc.assert(
      fc.property(bytes, fc.boolean(), (input, bigints) => {
        try {
          readJson(input, { bigints })
        } catch (error) {
          expect(error).toBeInstanceOf(AlertError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('writeJson', () => {
  it('keeps what it has written, whatever is written next', () => {
    const values = Array.from({ length: 3000 }, (_, i) => ({
      i,
      pad: 'é☄'.repeat(i % 50),
      ...(i % 500 === 0 && { large: 'x'.repeat(40_000) }),
    }))
    const all = values.map(value => writeJson(value))
    expect(all.map(bytes => readJson(bytes))).toEqual(values)
  })

  it('writes what JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => {
        expect(written(value)).toBe(JSON.stringify(value))
      }),
    )
  })

  it('writes what no JSON.stringify writes as the peers do, and reads it back', () => {
    const value = { t: 1419724818123456789n, far: Number.NaN, range: [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY], name: 'é "x"\n' }
    expect(written(value)).toBe('{"t":1419724818123456789,"far":NaN,"range":[-Infinity,Infinity],"name":"é \\"x\\"\\n"}')
    expect(readJson(writeJson(value), { bigints: true })).toEqual(value)
  })

  it.each([
    [Number.NaN, 'NaN'],
    [[1, Number.POSITIVE_INFINITY], '[1,Infinity]'],
    [{ a: { b: Number.NEGATIVE_INFINITY } }, '{"a":{"b":-Infinity}}'],
  ])('does not turn %j into null', (value, text) => {
    expect(written(value)).toBe(text)
  })

  it('agrees with JSON.stringify on the careful way', () => {
    const nested = fc.array(
      fc.oneof(fc.jsonValue(), fc.date({ noInvalidDate: true }), fc.record({ a: fc.constant(undefined), b: fc.string() })),
    )
    fc.assert(
      fc.property(nested, value => {
        expect(written({ value, way: 1n }).replace(',"way":1}', '}')).toBe(JSON.stringify({ value }))
      }),
    )
  })

  it('writes a string as a JSON string, null as null', () => {
    expect(written('{"a":1}')).toBe('"{\\"a\\":1}"')
    expect(written(null)).toBe('null')
  })

  it('takes class instances, toJSON and undefined fields as JSON.stringify does', () => {
    class Alert {
      readonly id = 'S1'
      readonly note: string | undefined = undefined
    }
    expect(written({ alert: new Alert(), at: new Date(0), n: 1n })).toBe('{"alert":{"id":"S1"},"at":"1970-01-01T00:00:00.000Z","n":1}')
    expect(written(Object.create(null))).toBe('{}')
  })

  const cyclic: { event: { self?: object }; list: unknown[] } = { event: {}, list: [] }
  cyclic.event.self = cyclic.event

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'payload is undefined. Send null where there is nothing to say'],
    ['a function', () => 1, 'payload is a function'],
    ['a symbol', Symbol('s'), 'payload is a symbol'],
    ['a function within', { event: { run: () => 1 } }, 'payload.event.run is a function'],
    ['undefined in an array', { list: [1, undefined] }, 'payload.list[1] is undefined. Send null where there is nothing to say'],
    ['a hole in an array', new Array(1), 'payload[0] is undefined. Send null where there is nothing to say'],
    ['bytes', { skymap: Uint8Array.of(1) }, 'payload.skymap is a Uint8Array. Write bytes as base64 text'],
    ['a Map', new Map([['a', 1]]), 'payload is a Map'],
    ['a cycle', cyclic, 'payload.event.self is payload.event again, a cycle'],
    [
      'a getter that throws',
      {
        get far() {
          throw new RangeError('no far')
        },
      },
      'no far',
    ],
  ])('refuses %s', (_, value, message) => {
    const error = errorOf(() => writeJson(value))
    expect(error.code).toBe('ALERT_UNWRITABLE')
    expect(error.message).toBe(`cannot be written as JSON: ${message}`)
  })

  it('writes one object twice, and one as deep as you like', () => {
    const shared = { a: 1n }
    expect(written([shared, shared])).toBe('[{"a":1},{"a":1}]')
    let deep: unknown = 1
    for (let n = 0; n < 1000; n++) deep = [deep]
    expect(written(deep)).toBe(`${'['.repeat(1000)}1${']'.repeat(1000)}`)
  })

  it('refuses a depth that overflows the stack', () => {
    let deep: unknown = 1
    for (let n = 0; n < 100_000; n++) deep = [deep]
    expect(errorOf(() => writeJson(deep)).code).toBe('ALERT_UNWRITABLE')
  })
})
