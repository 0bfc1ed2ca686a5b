import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { textToBase64Url } from '../src/base64.ts'
import { Cursor } from '../src/cursor.ts'
import { ConfigError } from '../src/errors.ts'

const positions = [
  { topic: 'gracedb.superevent', partition: 0, offset: 12, topicId: 'id-1' },
  { topic: 'gracedb.superevent', partition: 3, offset: Number.MAX_SAFE_INTEGER, topicId: 'id-1' },
  { topic: 'no.id', partition: 0, offset: 0 },
]

describe('a cursor', () => {
  it('holds the next offset of each partition, and the ids of topics', () => {
    const cursor = Cursor.of('kafka.example:9092', 1_700_000_000_000, positions)
    expect(cursor.offset('gracedb.superevent', 3)).toBe(Number.MAX_SAFE_INTEGER)
    expect(cursor.offset('gracedb.superevent', 1)).toBeUndefined()
    expect(cursor.offset('other', 0)).toBeUndefined()
    expect(cursor.topics.get('gracedb.superevent')?.id).toBe('id-1')
    expect(cursor.positions).toEqual(positions)
  })

  it('takes the last word on a partition', () => {
    const cursor = Cursor.of('h:1', 0, [
      { topic: 't', partition: 0, offset: 1, topicId: 'old' },
      { topic: 't', partition: 0, offset: 5, topicId: 'new' },
    ])
    expect(cursor.positions).toEqual([{ topic: 't', partition: 0, offset: 5, topicId: 'new' }])
  })

  it('goes to text and back, whatever it holds', () => {
    const name = fc.stringMatching(/^[\w.-]{1,40}$/)
    const position = fc.record({ topic: name, partition: fc.nat(999_999), offset: fc.maxSafeNat() })
    fc.assert(
      fc.property(name, fc.maxSafeNat(), fc.array(position), (server, time, all) => {
        const cursor = Cursor.of(server, time, all)
        const back = Cursor.parse(cursor.toString())
        expect(back).toEqual(cursor)
        expect(back.toString()).toBe(cursor.toString())
      }),
    )
  })

  it('is text that a URL, a header and JSON take as it is', () => {
    const text = Cursor.of('kafka.example:9092', 1, positions).toString()
    expect(text).toMatch(/^[\w-]+$/)
    expect(JSON.stringify({ cursor: Cursor.parse(text) })).toBe(`{"cursor":"${text}"}`)
  })

  it.each([
    ['nothing', ''],
    ['no base64url', '!!!'],
    ['base64url of something else', textToBase64Url('hello')],
    ['another version', textToBase64Url('{"v":2,"server":"h:1","time":0,"topics":{}}')],
    ['no server', textToBase64Url('{"v":1,"time":0,"topics":{}}')],
    ['no time', textToBase64Url('{"v":1,"server":"h:1","topics":{}}')],
    ['topics that are a list', textToBase64Url('{"v":1,"server":"h:1","time":0,"topics":[]}')],
    ['an id that is a number', textToBase64Url('{"v":1,"server":"h:1","time":0,"topics":{"t":{"id":1,"at":{}}}}')],
    ['a partition that is a word', textToBase64Url('{"v":1,"server":"h:1","time":0,"topics":{"t":{"at":{"x":1}}}}')],
    ['a negative offset', textToBase64Url('{"v":1,"server":"h:1","time":0,"topics":{"t":{"at":{"0":-1}}}}')],
    ['an offset beyond 2^53', textToBase64Url('{"v":1,"server":"h:1","time":0,"topics":{"t":{"at":{"0":9007199254740993}}}}')],
  ])('is not made of %s', (_, text) => {
    expect(() => Cursor.parse(text)).toThrow(ConfigError)
    expect(() => Cursor.parse(text)).toThrow(/^Not a cursor: .*\. Pass the string that toString\(\) of a Cursor gave$/)
  })

  it('is not fooled by the names of what every object has', () => {
    const cursor = Cursor.parse(Cursor.of('h:1', 0, [{ topic: '__proto__', partition: 0, offset: 4 }]).toString())
    expect(cursor.offset('__proto__', 0)).toBe(4)
    expect(cursor.offset('constructor', 0)).toBeUndefined()
  })
})
