import { readFile } from 'node:fs/promises'
import { Binary, Double, Int32, Long, serialize } from 'bson'
import { describe, expect, it, test } from 'vitest'
import type { AlertError } from '../../src/errors.ts'
import { readMessage } from '../../src/offload/message.ts'
import { bytes, nested } from './rig.ts'

const header = (name: string, value: Uint8Array | string | null) => [name, value instanceof Uint8Array ? new Binary(value) : value]
const message = new Binary(bytes('{"a": 1}'))
const metadata = {
  headers: [header('_format', bytes('json'))],
  timestamp: Long.fromNumber(1_795_479_769_570),
  key: new Binary(bytes('S1')),
}

const refusal = (document: Uint8Array | object): Promise<AlertError> =>
  readMessage(document instanceof Uint8Array ? document : serialize(document)).then(
    () => {
      throw new Error('it was read')
    },
    (error: AlertError) => error,
  )

describe('readMessage()', () => {
  it('reads what a server gave to hop', async () => {
    const document = await readFile(new URL('hop-message.bson', import.meta.url))
    const { payload, key, headers, timestamp } = await readMessage(document)
    expect(payload).toHaveLength(1211)
    expect(JSON.parse(new TextDecoder().decode(payload))).toEqual({ pad: 'z'.repeat(1200) })
    expect([key, timestamp]).toEqual([bytes('S1'), 1_795_479_769_570])
    expect(headers.map(({ name }) => name)).toEqual(['note', '_id', '_sender', '_format'])
    expect(headers[2]).toEqual({ name: '_sender', value: bytes('alice') })
  })

  it('gives plain bytes', async () => {
    const { payload, key, headers } = await readMessage(serialize({ message, metadata }))
    expect([payload, key, headers[0]?.value].map(value => value?.constructor)).toEqual([Uint8Array, Uint8Array, Uint8Array])
  })

  it('takes strings as UTF-8 where hop stores what it then refuses to read', async () => {
    const document = serialize({ message, metadata: { ...metadata, headers: [header('note', 'é')], key: 'S1' } })
    expect(await readMessage(document)).toMatchObject({ headers: [{ name: 'note', value: bytes('é') }], key: bytes('S1') })
  })

  test.each([
    ['no key', { ...metadata, key: undefined }, { key: null }],
    ['a key that is null', { ...metadata, key: null }, { key: null }],
    ['no headers', { ...metadata, headers: [] }, { headers: [] }],
    ['a header without a value', { ...metadata, headers: [header('_test', null)] }, { headers: [{ name: '_test', value: null }] }],
    ['a timestamp of 32 bits', { ...metadata, timestamp: new Int32(5) }, { timestamp: 5 }],
    ['a whole floating-point timestamp', { ...metadata, timestamp: new Double(5) }, { timestamp: 5 }],
    ['a topic beside', { ...metadata, topic: 't+oversized' }, { timestamp: 1_795_479_769_570 }],
  ])('takes %s', async (_what, given, expected) => {
    expect(await readMessage(serialize({ message, metadata: given }))).toMatchObject(expected)
  })

  test.each<[string, Uint8Array | object, string]>([
    ['no BSON', bytes('<html>'), '6 bytes that are not BSON'],
    ['nothing', new Uint8Array(), '0 bytes that are not BSON'],
    ['half of it', serialize({ message, metadata }).subarray(0, 40), 'not BSON'],
    ['more behind it', Buffer.concat([serialize({ message, metadata }), Buffer.of(0)]), 'not BSON'],
    ['50 000 documents in each other', nested(50_000), 'metadata is missing'],
    ['no message', { metadata }, 'message is missing, expected binary'],
    ['a message that is text', { message: 'x', metadata }, 'message is a string, expected binary'],
    ['no metadata', { message }, 'metadata is missing, expected an object'],
    ['metadata that is a list', { message, metadata: [] }, 'metadata is an array'],
    ['metadata that is binary', { message, metadata: message }, 'metadata is binary'],
    ['no headers', { message, metadata: { ...metadata, headers: undefined } }, 'metadata.headers is missing, expected an array'],
    ['headers that are an object', { message, metadata: { ...metadata, headers: { a: 1 } } }, 'metadata.headers is a object'],
    ['a header that is no pair', { message, metadata: { ...metadata, headers: [['a']] } }, 'metadata.headers[0] is an array'],
    ["a header's name that is no text", { message, metadata: { ...metadata, headers: [[1, 'x']] } }, 'metadata.headers[0][0] is a number'],
    ["a header's value of another kind", { message, metadata: { ...metadata, headers: [['a', 1]] } }, 'metadata.headers[0][1] is a number'],
    ['no timestamp', { message, metadata: { ...metadata, timestamp: undefined } }, 'metadata.timestamp is missing'],
    ['a timestamp that is text', { message, metadata: { ...metadata, timestamp: '5' } }, 'metadata.timestamp is a string'],
    ['a broken timestamp', { message, metadata: { ...metadata, timestamp: 0.5 } }, 'expected a whole number'],
    ['a timestamp beyond 2^53', { message, metadata: { ...metadata, timestamp: Long.MAX_VALUE } }, 'expected a whole number'],
    ['a key of another kind', { message, metadata: { ...metadata, key: 5 } }, 'metadata.key is a number'],
  ])('refuses %s', async (_what, document, why) => {
    expect(await refusal(document)).toMatchObject({ code: 'ALERT_EXTERNAL', message: expect.stringContaining(why) })
  })
})
