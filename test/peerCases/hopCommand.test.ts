import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { fileReader } from '../../src/cli/files.ts'
import { messageOf } from '../../src/cli/messages.ts'
import { decodePayload } from '../../src/index.ts'
import { ClientRig, recordsOf } from '../client/rig.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('what the command is given on its standard input', () => {
  it.each([
    ['blob', bytes('a string'), bytes('a string')],
    ['blob', Uint8Array.of(0x10, 0, 0x20, 0x0b), Uint8Array.of(0x10, 0, 0x20, 0x0b)],
    ['json', bytes('"a string"'), 'a string'],
    ['json', bytes('["a", "list", "of", "values"]'), ['a', 'list', 'of', 'values']],
    ['json', bytes('{"a": "dict", "with": ["multiple", "values"]}'), { a: 'dict', with: ['multiple', 'values'] }],
  ] as const)('arrives as it is: --format %s, %#', async (format, given, expected) => {
    const rig = new ClientRig('gracedb.t')
    const client = rig.client({ from: 'earliest' })
    const read = fileReader(Readable.from([Buffer.from(given)]))
    await client.publish('t', messageOf('-', await read('-'), { format }))
    const [record] = await recordsOf(rig, client.topic('t'))
    expect(record).toMatchObject({ format, payload: given })
    expect(decodePayload(record!)).toEqual(expected)
  })
})
