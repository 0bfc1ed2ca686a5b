import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/errors.ts'
import { idBytes, idText, newId } from '../../src/sinks/ids.ts'
import { isOutgoing, type OutgoingOptions, outgoing } from '../../src/sinks/outgoing.ts'

const UUID = '0189abcd-ef01-4234-8567-89abcdef0123'
const BYTES = Uint8Array.from([0x01, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x42, 0x34, 0x85, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23])

const failing = (options: Record<string, unknown>): unknown => {
  try {
    return outgoing(1, options as OutgoingOptions)
  } catch (error) {
    return error
  }
}

describe('outgoing', () => {
  it('keeps the payload and its metadata', () => {
    const payload = { superevent_id: 'S1' }
    const message = outgoing(payload, { key: 'S1', headers: [['a', '1']], format: 'JSON', test: true, id: UUID })
    expect(message).toMatchObject({ key: 'S1', headers: [['a', '1']], format: 'json', test: true, id: UUID })
    expect(message.payload).toBe(payload)
  })

  it('is known by a symbol that a second copy of the package shares', () => {
    expect(isOutgoing<unknown>(outgoing(1))).toBe(true)
    expect(isOutgoing<unknown>({ [Symbol.for('igwn-alert-rx.outgoing')]: true, payload: 1 })).toBe(true)
    expect(isOutgoing<unknown>({ payload: 1, key: 'S1' })).toBe(false)
    expect(isOutgoing<unknown>(null)).toBe(false)
    expect(isOutgoing<unknown>('outgoing')).toBe(false)
  })

  it('takes an id as text in any case, as 16 bytes, or not at all', () => {
    expect(outgoing(1, { id: UUID.toUpperCase() }).id).toBe(UUID)
    expect(outgoing(1, { id: BYTES }).id).toBe(UUID)
    expect(outgoing(1, { id: undefined }).id).toBeUndefined()
  })

  it('takes the key of a record, null for none', () => {
    expect(outgoing(1, { key: null }).key).toBeUndefined()
    expect(outgoing(1, { key: BYTES }).key).toBe(BYTES)
    expect(outgoing(1, { key: '' }).key).toBe('')
  })

  it('takes headers from any iterable of pairs, in order, duplicates kept, and reads it once', () => {
    expect(
      outgoing(1, {
        headers: new Map([
          ['b', '2'],
          ['a', '1'],
        ]),
      }).headers,
    ).toEqual([
      ['b', '2'],
      ['a', '1'],
    ])
    function* pairs(): Generator<[string, string]> {
      yield ['a', '1']
      yield ['a', '2']
    }
    expect(outgoing(1, { headers: pairs() }).headers).toEqual([
      ['a', '1'],
      ['a', '2'],
    ])
  })

  it.each([
    ['an id that is no UUID', { id: 'G123' }, /id of a message is 'G123'; expected a UUID/],
    ['an id of 15 bytes', { id: new Uint8Array(15) }, /is 15 bytes; expected a UUID/],
    ['a key that is a number', { key: 7 }, /key of a message is number 7; expected a string or a Uint8Array/],
    ['an empty format', { format: '' }, /format of a message is ''/],
    ['a test that is text', { test: 'true' }, /test is string; expected true or false/],
    ['headers that are an object', { headers: { a: '1' } }, /headers of a message are an object.*Object.entries/],
    ['headers that are text', { headers: 'a=1' }, /headers of a message are 'a=1'/],
    ['a header that is no pair', { headers: ['ab'] }, /header of a message is 'ab'; expected a pair/],
    ['a header of three parts', { headers: [['a', '1', '2']] }, /header of a message is an array of 3; expected a pair/],
    ['a header without a name', { headers: [[1, 'x']] }, /expected a pair \[name, value\] with a string as its name/],
    ['a header that is a number', { headers: [['n', 1]] }, /value of the header n is number 1/],
    ['a header that is null', { headers: [['n', null]] }, /value of the header n is null/],
  ])('refuses %s', (_what, options, message) => {
    const error = failing(options)
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as ConfigError).message).toMatch(message)
  })

  it.each([
    ['_id', /set by the option id/],
    ['_test', /set by the option test/],
    ['_format', /set by the option format/],
    ['_sender', /set by the user name of the credentials/],
  ])('refuses the header %s, which the library writes', (name, message) => {
    const error = failing({ headers: [[name, 'x']] })
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as ConfigError).message).toMatch(message)
  })

  it('takes other names with an underscore, also those that differ in case', () => {
    expect(
      outgoing(1, {
        headers: [
          ['_TEST', 'x'],
          ['_trace', 'y'],
        ],
      }).headers,
    ).toHaveLength(2)
  })
})

describe('ids', () => {
  it('makes a UUID v4, another each time', () => {
    expect(newId()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(newId()).not.toBe(newId())
  })

  it('turns text to bytes and back, in either case', () => {
    expect(idBytes(UUID)).toEqual(BYTES)
    expect(idBytes(UUID.toUpperCase())).toEqual(BYTES)
    expect(idText(BYTES)).toBe(UUID)
  })
})
