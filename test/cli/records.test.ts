import { firstValueFrom } from 'rxjs'
import { describe, expect, it, test } from 'vitest'
import { jsonLine, readable, textOf } from '../../src/cli/records.ts'
import { type Delivery, decode, IgwnAlertClient, writeAvro } from '../../src/index.ts'
import { MemoryTransport } from '../../src/testing.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A delivery of these bytes, decoded as the command does. */
async function delivery(
  value: string | Uint8Array,
  headers: Record<string, string | Uint8Array> = {},
  timestamp = Date.UTC(2025, 7, 18, 2, 3, 4),
): Promise<Delivery<unknown>> {
  const transport = new MemoryTransport()
  transport.log.createTopic('gracedb.t')
  const pairs = Object.entries(headers).map(([name, text]) => ({ name, value: typeof text === 'string' ? bytes(text) : text }))
  transport.log.append('gracedb.t', { value, headers: pairs, timestamp })
  const client = new IgwnAlertClient({ transport, from: 'earliest', tests: 'include', delivery: 'manual', drainTimeout: 0 })
  const record = await firstValueFrom(client.topic('t').pipe(decode({ bigints: true, unwrap: 3 })))
  await client.close()
  return record
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/
const plain = { style: (_style: unknown, text: string): string => text }
const payloadIn = (line: string): unknown => (JSON.parse(line) as { payload: unknown }).payload

describe('--json', () => {
  it('has where the record stands, and its payload', async () => {
    const line = jsonLine(await delivery('{"a": [1, null]}', { _id: new Uint8Array(16), _sender: 'alice', _test: 'true', _format: 'json' }))
    expect(line).not.toContain('\n')
    expect(JSON.parse(line)).toEqual({
      topic: 't',
      fullTopic: 'gracedb.t',
      partition: 0,
      offset: 0,
      timestamp: Date.UTC(2025, 7, 18, 2, 3, 4),
      id: '00000000-0000-0000-0000-000000000000',
      sender: 'alice',
      isTest: true,
      format: 'json',
      payload: { a: [1, null] },
    })
  })

  it('leaves out what is not there', async () => {
    expect(Object.keys(JSON.parse(jsonLine(await delivery('1'))) as object)).toEqual([
      'topic',
      'fullTopic',
      'partition',
      'offset',
      'timestamp',
      'payload',
    ])
  })

  test.each<[string, string, unknown]>([
    ['JSON in a JSON string is unwrapped', JSON.stringify(JSON.stringify({ a: 1 })), { a: 1 }],
    ['any other string stays one', '"hello"', 'hello'],
    ["Python's words for what JSON cannot say are null", '{"far": NaN, "x": [Infinity, -Infinity, 1]}', { far: null, x: [null, null, 1] }],
    ['null is null', 'null', null],
    ['line breaks are escaped', JSON.stringify('a\nb\u2028'), 'a\nb\u2028'],
    ['a field of any name', '{"__proto__": {"a": NaN}, "toJSON": 1}', JSON.parse('{"__proto__": {"a": null}, "toJSON": 1}')],
  ])('%s', async (_what, value, payload) => {
    const line = jsonLine(await delivery(value))
    expect(line).not.toContain('\n')
    expect(payloadIn(line)).toEqual(payload)
  })

  it('writes integers exactly', async () => {
    expect(jsonLine(await delivery('{"gps": 1419724818123456789, "n": 3, "far": 1e-9}'))).toContain(
      '"payload":{"gps":1419724818123456789,"n":3,"far":1e-9}',
    )
  })

  test.each([
    [{ _format: 'blob' }, Uint8Array.of(0, 255, 10)],
    [{ _format: 'fits' }, bytes('SIMPLE')],
    [{}, Uint8Array.of(0xff)],
  ])('bytes are base64: %o', async (headers, value) => {
    const line = JSON.parse(jsonLine(await delivery(value, headers))) as { payload: string; encoding: string }
    expect(line.encoding).toBe('base64')
    expect(new Uint8Array(Buffer.from(line.payload, 'base64'))).toEqual(value)
  })
})

describe('for people', () => {
  it('says where and when, then the JSON, integers exact, long strings cut', async () => {
    const value = JSON.stringify(`{"gps": 1419724818123456789, "skymap": "${'A'.repeat(1_000)}", "far": NaN}`)
    expect(readable(await delivery(value), plain)).toBe(
      `gracedb.t[0]@0  2025-08-18T02:03:04.000Z\n{\n  "gps": 1419724818123456789,\n  "skymap": "${'A'.repeat(200)}... (1 000 characters)",\n  "far": null\n}\n`,
    )
  })

  it('survives a time that is no date', async () => {
    const record = await delivery('1', {}, -9e18)
    expect(readable(record, plain)).toBe('gracedb.t[0]@0  no date (-9000000000000000000 ms)\n1\n')
    expect(JSON.parse(jsonLine(record))).toMatchObject({ timestamp: -9e18, payload: 1 })
  })

  it('marks test messages', async () => {
    expect(readable(await delivery('1', { _test: '' }), plain)).toMatch(/Z {2}test\n1\n$/)
  })

  it('shows the beginning of bytes', async () => {
    expect(readable(await delivery(bytes('x'.repeat(300)), { _format: 'blob' }), plain)).toContain(`\n${'x'.repeat(200)} ... (300 bytes)\n`)
  })

  it('says how much bytes are that are no text', async () => {
    const value = new Uint8Array(1_234_567).fill(0xff)
    expect(readable(await delivery(value, { _format: 'blob' }), plain)).toContain('\n<1 234 567 bytes>\n')
  })

  it('may cut a text within a character', async () => {
    expect(readable(await delivery(`x${'é'.repeat(300)}`, { _format: 'blob' }), plain)).toContain(`\nx${'é'.repeat(99)} ... (601 bytes)\n`)
  })

  it('keeps control characters from the terminal', async () => {
    const sequence = '\u001b]0;mine\u0007\u009b31m'
    for (const record of [await delivery(JSON.stringify({ [sequence]: sequence })), await delivery(bytes(sequence), { _format: 'blob' })])
      expect(readable(record, plain)).not.toMatch(CONTROL)
  })
})

/** As SCiMMA's `igwn.gwalert`: one record, an array of one alert, the sky map as bytes. */
const gwalert = (): Promise<Delivery<unknown>> => {
  const skymap = new Uint8Array(1_234_567).fill(7)
  return delivery(writeAvro([{ superevent_id: 'S1', event: { far: 1e-9, skymap } }]), { _format: 'avro' })
}
const skymapText = Buffer.alloc(1_234_567, 7).toString('base64')

describe('bytes within a payload', () => {
  it('are base64 for programs, as in the JSON of GCN', async () => {
    const line = jsonLine(await gwalert())
    expect(JSON.parse(line)).toMatchObject({
      format: 'avro',
      payload: [{ superevent_id: 'S1', event: { far: 1e-9, skymap: skymapText } }],
    })
    expect(line).not.toContain('encoding')
  })

  it('are their number for people', async () => {
    expect(readable(await gwalert(), plain)).toContain('"skymap": "<1 234 567 bytes>"')
  })
})

describe('--jsonpp', () => {
  const body = (text: string): string => text.slice(text.indexOf('\n') + 1, -1)

  test.each<[string, () => Promise<Delivery<unknown>>, unknown]>([
    ['a dict', () => delivery('{"uid": "S1", "n": [1, {}, []], "é": null}'), { uid: 'S1', n: [1, {}, []], é: null }],
    ['a list', () => delivery('[1, "2"]'), [1, '2']],
    ['a number', () => delivery('1'), 1],
    ['JSON in a JSON string', () => delivery(JSON.stringify(JSON.stringify({ a: { b: 1 } }))), { a: { b: 1 } }],
    ['another string', () => delivery('"text"'), 'text'],
    ['null', () => delivery('null'), null],
    ['bytes', () => delivery(Uint8Array.of(255, 0), { _format: 'blob' }), '/wA='],
    ['a long string', () => delivery(JSON.stringify('x'.repeat(1000))), 'x'.repeat(1000)],
    ['Avro', gwalert, [{ superevent_id: 'S1', event: { far: 1e-9, skymap: skymapText } }]],
    ['NaN', () => delivery('{"far": NaN}'), { far: null }],
  ])('%s, whole, as Python and JSON.stringify indent it by 4', async (_what, record, payload) => {
    const text = textOf(await record(), { jsonpp: true }, plain)
    expect(text).toMatch(/^gracedb\.t\[0\]@0 {2}2025-08-18T02:03:04\.000Z\n/)
    expect(body(text)).toBe(JSON.stringify(payload, null, 4))
  })

  it('is not indented without an end: what is deep stays in one line', async () => {
    const value = `${'['.repeat(490)}${'1,'.repeat(400_000)}1${']'.repeat(490)}`
    const text = textOf(await delivery(value), { jsonpp: true }, plain)
    expect(text.length).toBeLessThan(2 * value.length)
    expect(body(text).replaceAll(/\s/g, '')).toBe(value)
    expect(readable(await delivery(value), plain).length).toBeLessThan(2 * value.length)
  })

  it('has integers exact', async () => {
    expect(body(textOf(await delivery('{"gps": 1419724818123456789}'), { jsonpp: true }, plain))).toBe(
      '{\n    "gps": 1419724818123456789\n}',
    )
  })

  it('with --json: the whole object, indented', async () => {
    const text = textOf(await delivery('{"a": 1}', { _format: 'json' }), { json: true, jsonpp: true }, plain)
    expect(text).toBe(JSON.stringify(JSON.parse(jsonLine(await delivery('{"a": 1}', { _format: 'json' }))), null, 4))
  })

  it('keeps control characters from the terminal, without changing what is said', async () => {
    const sequence = { '\u001b]0;mine\u0007': '\u009b31m \u007f' }
    for (const flags of [{ jsonpp: true }, { json: true }, { json: true, jsonpp: true }]) {
      const text = textOf(await delivery(JSON.stringify(sequence)), flags, plain)
      expect(text).not.toMatch(CONTROL)
      expect(flags.json ? payloadIn(text) : JSON.parse(body(text))).toEqual(sequence)
    }
  })
})
