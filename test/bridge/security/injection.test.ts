import { createParser, type EventSourceMessage } from 'eventsource-parser'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BridgeRecord } from '../../../src/bridge/browser/BridgeRecord.ts'
import type { ServedTopic, WireRecord } from '../../../src/bridge/protocol/events.ts'
import { encodeEvent } from '../../../src/bridge/protocol/sse.ts'
import { bridgeReader, encodeRecord } from '../../../src/bridge/server/encodeRecord.ts'
import { fromBridge } from '../../../src/browser.ts'
import { type AlertRecord, recordToJson } from '../../../src/record.ts'
import { raw, server } from './rig.ts'

const NASTY = [
  '\n\nevent: bye\ndata: {"reason":"closing","retryMs":1}\n\n',
  '\r\revent: bye\r\r',
  '\r\n\r\nid: x\r\n\r\n',
  '\0',
  '\u2028event: bye\u2029\u0085\v\f',
  '\ufeff',
  '\ud800',
  '\udfff\ud800',
  '</script><script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  ': hb\n\n',
  'data: {}\n\n',
  '__proto__',
  '\u001b[2J',
  '\u202e',
]

const text = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...NASTY, 'a', '\n', '\r', ':') }),
)
const bytes = (of: string): Uint8Array => new TextEncoder().encode(of)
const headers = fc.array(fc.record({ name: text, value: fc.option(text.map(bytes)) }), { maxLength: 4 })
/** JSON in which any text may stand anywhere. */
const payloads = fc.letrec(tie => ({
  value: fc.oneof({ maxDepth: 4 }, text, fc.double(), fc.boolean(), fc.constant(null), tie('list'), tie('object')),
  list: fc.array(tie('value'), { maxLength: 4 }),
  object: fc.dictionary(text, tie('value'), { maxKeys: 4 }),
})).value

const topic: ServedTopic = { id: 'a/t', server: 'h.invalid:9092', group: 'a', topic: 't', fullTopic: 'a.t' }
const read = bridgeReader(undefined)

function record(payload: Uint8Array | null, more: Partial<AlertRecord> = {}): AlertRecord {
  const plain = {
    server: topic.server,
    group: 'a',
    topic: 't',
    fullTopic: 'a.t',
    partition: 0,
    offset: 1,
    timestamp: 2,
    key: null,
    headers: [],
  }
  const whole = { ...plain, format: 'json', id: undefined, sender: undefined, isTest: false, payload, ...more }
  return { ...whole, toJSON: () => recordToJson(record(payload, more)) }
}

/** The events that a reader of server-sent events hears, however the bytes are cut. */
function heard(sent: Uint8Array, cuts: readonly number[] = []): EventSourceMessage[] {
  const messages: EventSourceMessage[] = []
  const parser = createParser({ onEvent: message => messages.push(message) })
  const decoder = new TextDecoder()
  const places = [0, ...cuts.map(cut => cut % sent.length).sort((a, b) => a - b), sent.length]
  for (let n = 1; n < places.length; n++) parser.feed(decoder.decode(sent.subarray(places[n - 1], places[n]), { stream: true }))
  return messages
}

/** A lone surrogate is no character: it is U+FFFD wherever bytes are made of text. */
const wellFormed = (value: unknown): unknown =>
  JSON.parse(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes(JSON.stringify(value))))

describe('one event stays one event', () => {
  it('whatever stands in the payload; and it is read as it was written', () => {
    fc.assert(
      fc.property(payloads, fc.array(fc.nat(), { maxLength: 5 }), (payload, cuts) => {
        const value = { payload: wellFormed(payload) }
        const [event, ...more] = heard(encodeRecord(record(bytes(JSON.stringify(value))), topic, read).bytes, cuts)
        expect(more).toEqual([])
        expect([event!.event, event!.id]).toEqual(['record', undefined])
        expect(new BridgeRecord(JSON.parse(event!.data) as WireRecord).payload).toEqual(value)
      }),
      { numRuns: 500 },
    )
  })

  it('whatever stands in its headers, its key, its sender, its topic and its server', () => {
    fc.assert(
      fc.property(headers, text, text, (list, key, name) => {
        const place = { server: name, group: name, topic: name, fullTopic: name }
        const sent = record(bytes('1'), { headers: list, key: bytes(key), id: key, sender: name, format: 'json', ...place })
        const [event, ...more] = heard(encodeRecord(sent, { id: name, ...place }, read).bytes)
        expect(more).toEqual([])
        const got = new BridgeRecord(JSON.parse(event!.data) as WireRecord)
        expect(got.headers).toEqual(list.map(({ name: of, value }) => ({ name: wellFormed(of), value })))
        expect([got.key, got.sender, got.topicId]).toEqual([bytes(key), wellFormed(name), wellFormed(name)])
      }),
      { numRuns: 300 },
    )
  })

  it('when it cannot be decoded: the bytes, and why', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), text.map(bytes)), text, (payload, format) => {
        const [event, ...more] = heard(encodeRecord(record(payload, { format }), topic, read).bytes)
        expect(more).toEqual([])
        expect(JSON.parse(event!.data)).toMatchObject({ offset: 1 })
      }),
      { numRuns: 300 },
    )
  })

  it('whatever a client has asked for, in hello and gap', () => {
    fc.assert(
      fc.property(text, name => {
        const hello = { protocol: 1, granted: [], refused: [{ topic: name, reason: 'unknown' }], oldest: null, heartbeat: 1 } as const
        const gap = { topic: name, partition: 0, from: 0, to: 1, reason: 'busy' } as const
        for (const [event, data] of [
          ['hello', hello],
          ['gap', gap],
        ] as const) {
          const messages = heard(encodeEvent(event, data as typeof hello & typeof gap))
          expect(messages).toEqual([{ event, data: JSON.stringify(data), id: undefined }])
        }
      }),
    )
  })

  it('an id with a line break is not sent at all', () => {
    for (const id of ['a\nb', 'a\rb', 'a\0b']) expect(() => encodeEvent('cursor', {}, id)).toThrow('holds a line break')
  })
})

describe('through a server', () => {
  const alert = Object.fromEntries(NASTY.map((nasty, n) => [`${nasty}${n}`, [nasty, { [nasty]: nasty }]]))
  const nastyHeaders = NASTY.map(nasty => ({ name: nasty, value: bytes(nasty) }))

  it('no alert forges an event: raw, and in fromBridge', async () => {
    const { url, port, transport } = await server()
    const { text: got } = raw(port, 'GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await expect.poll(got).toContain('event: hello')
    const records: BridgeRecord[] = []
    const stream = fromBridge(url, { from: 'earliest' })
    const statuses: string[] = []
    stream.status$.subscribe(({ type }) => statuses.push(type))
    const subscription = stream.subscribe(one => records.push(one))
    for (const value of [alert, 'the last']) {
      transport.log.append('gracedb.superevent', { value: JSON.stringify(value), headers: nastyHeaders, key: NASTY.join(), timestamp: 1 })
    }
    await expect.poll(() => records.map(({ payload }) => payload)).toEqual([wellFormed(alert), 'the last'])
    await expect.poll(got).toContain('"the last"')
    subscription.unsubscribe()
    const lines = got().split(/\r\n|\n|\r/)
    expect(lines.filter(line => line.startsWith('event:'))).toEqual(
      expect.arrayContaining(['event: hello', 'event: cursor', 'event: record']),
    )
    expect(lines.filter(line => line === 'event: record')).toHaveLength(2)
    expect(lines.filter(line => /^(event: bye|id: x)/.test(line))).toEqual([])
    expect(got().includes('\0')).toBe(false)
    expect(statuses).not.toContain('reconnecting')
    expect(records[0]!.headers.map(({ name }) => name)).toEqual(NASTY.map(wellFormed))
  })

  it('names in the address forge no header and no event', async () => {
    const { port } = await server()
    const evil = encodeURIComponent('x\r\nSet-Cookie: a=b\r\n\r\n\n\nevent: bye\n\n')
    const { text: got, socket } = raw(port, `GET /stream?topics=superevent,${evil} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await expect.poll(got).toContain('event: hello')
    expect(got().toLowerCase()).not.toMatch(/^set-cookie/m)
    expect(got()).not.toMatch(/^event: bye/m)
    socket.destroy()
  })

  it('what is nested as deeply as a message can be ends nothing: it is sent as bytes, with the reason', async () => {
    const { url, transport, append } = await server()
    const records: BridgeRecord[] = []
    const subscription = fromBridge(url, { from: 'earliest' }).subscribe(one => records.push(one))
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const deep = `${open.repeat(100_000)}1${close.repeat(100_000)}`
      const headers = [{ name: '_format', value: bytes('json') }]
      transport.log.append('gracedb.superevent', { value: deep, timestamp: 1, headers })
      // Without a header it is no JSON for its reader, and so bytes.
      transport.log.append('gracedb.superevent', { value: deep, timestamp: 1 })
    }
    append('superevent', 'after')
    await expect.poll(() => records).toHaveLength(5)
    subscription.unsubscribe()
    expect(records.map(({ error }) => error?.code)).toEqual(['ALERT_DECODE', undefined, 'ALERT_DECODE', undefined, undefined])
    for (const { payload, links } of records.slice(0, 4)) expect([payload, links['']?.type]).toEqual([null, 'bytes'])
    expect(records[4]!.payload).toBe('after')
  })
})
