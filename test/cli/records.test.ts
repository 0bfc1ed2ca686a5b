import { firstValueFrom } from 'rxjs'
import { describe, expect, it, test } from 'vitest'
import { jsonLine, readable } from '../../src/cli/records.ts'
import { type Delivery, IgwnAlertClient } from '../../src/index.ts'
import { MemoryTransport } from '../../src/testing.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A delivery of these bytes. */
async function delivery(value: string | Uint8Array | null, headers: Record<string, string | Uint8Array> = {}): Promise<Delivery> {
  const transport = new MemoryTransport()
  transport.log.createTopic('gracedb.t')
  const pairs = Object.entries(headers).map(([name, text]) => ({ name, value: typeof text === 'string' ? bytes(text) : text }))
  transport.log.append('gracedb.t', { value, headers: pairs, timestamp: Date.UTC(2025, 7, 18, 2, 3, 4) })
  const client = new IgwnAlertClient({ transport, from: 'earliest', tests: 'include', delivery: 'manual', drainTimeout: 0 })
  const record = await firstValueFrom(client.topic('t'))
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

  test.each<[string, string | null, unknown]>([
    ['JSON in a JSON string is unwrapped', JSON.stringify(JSON.stringify({ a: 1 })), { a: 1 }],
    ['any other string stays one', '"hello"', 'hello'],
    ["Python's words for what JSON cannot say are null", '{"far": NaN, "x": [Infinity, -Infinity, 1]}', { far: null, x: [null, null, 1] }],
    ['a tombstone is null', null, null],
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
    [{ _format: 'avro' }, bytes('Obj')],
    [{}, Uint8Array.of(0xff)],
  ])('bytes are base64: %o', async (headers, value) => {
    const line = JSON.parse(jsonLine(await delivery(value, headers))) as { payload: string; encoding: string }
    expect(line.encoding).toBe('base64')
    expect(new Uint8Array(Buffer.from(line.payload, 'base64'))).toEqual(value)
  })

  it('throws for what says that it is JSON and is not', async () => {
    const record = await delivery('{"a', { _format: 'json' })
    expect(() => jsonLine(record)).toThrow('not JSON')
    expect(() => readable(record, plain)).toThrow('not JSON')
  })
})

describe('for people', () => {
  it('says where and when, then the JSON, integers exact, long strings cut', async () => {
    const value = JSON.stringify(`{"gps": 1419724818123456789, "skymap": "${'A'.repeat(1_000)}", "far": NaN}`)
    expect(readable(await delivery(value), plain)).toBe(
      `gracedb.t[0]@0  2025-08-18T02:03:04.000Z\n{\n  "gps": 1419724818123456789,\n  "skymap": "${'A'.repeat(200)}... (1000 characters)",\n  "far": null\n}\n`,
    )
  })

  it('marks test messages', async () => {
    expect(readable(await delivery('1', { _test: '' }), plain)).toMatch(/Z {2}test\n1\n$/)
  })

  it('shows the beginning of bytes', async () => {
    expect(readable(await delivery(bytes('x'.repeat(300)), { _format: 'blob' }), plain)).toContain(`\n${'x'.repeat(200)} ... (300 bytes)\n`)
  })

  it('keeps control characters from the terminal', async () => {
    const sequence = '\u001b]0;mine\u0007\u009b31m'
    for (const record of [await delivery(JSON.stringify({ [sequence]: sequence })), await delivery(bytes(sequence), { _format: 'blob' })])
      expect(readable(record, plain)).not.toMatch(CONTROL)
  })
})
