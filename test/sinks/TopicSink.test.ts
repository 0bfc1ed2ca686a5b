import { firstValueFrom, from, of, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { ConfigError, PublishError } from '../../src/errors.ts'
import type { TopicSinkOptions } from '../../src/sinks/compose.ts'
import { outgoing } from '../../src/sinks/outgoing.ts'
import type { PublishResult, Stored } from '../../src/sinks/results.ts'
import { doubtful, headersOf, refused, rejection, rig, storing, text } from './rig.ts'

const UUID = '0189abcd-ef01-4234-8567-89abcdef0123'

interface Alert {
  readonly superevent_id: string
}

const told = (results: readonly PublishResult<unknown>[]): unknown[] => results.map(({ payload }) => payload)

describe('what goes in', () => {
  it('is a payload, whatever its fields are called', () => {
    const { sink, broker } = rig()
    sink().next({ payload: 1, key: 'S1' })
    expect(text(broker.records[0]?.value)).toBe('{"payload":1,"key":"S1"}')
    expect(broker.records[0]?.key).toBeNull()
  })

  it('is an Observable of payloads: the sink is its observer', async () => {
    const { sink, broker } = storing()
    const front = sink<Alert>()
    from([{ superevent_id: 'S1' }, { superevent_id: 'S2' }]).subscribe(front)
    await front.done
    expect(broker.records.map(({ value }) => text(value))).toEqual(['{"superevent_id":"S1"}', '{"superevent_id":"S2"}'])
  })

  it('is written as it was when it was given', () => {
    const { sink, broker } = rig()
    const alert = { n: 1 }
    sink().next(alert)
    alert.n = 2
    expect(text(broker.records[0]?.value)).toBe('{"n":1}')
  })

  it('may be an Outgoing with key, headers, format, test and id', async () => {
    const { sink, broker } = storing()
    const stored = await sink().send(outgoing(Uint8Array.of(1), { key: 'k', headers: [['h', 'v']], format: 'avro', test: true, id: UUID }))
    expect(headersOf(broker.records[0])).toEqual(['h=v', '_id=16 bytes', '_test=true', '_format=avro'])
    expect(stored).toMatchObject({ id: UUID, key: 'k', headers: [['h', 'v']], format: 'avro', test: true })
    const id = broker.records[0]?.headers.find(({ name }) => name === '_id')?.value
    expect([...(id ?? [])].map(byte => byte.toString(16).padStart(2, '0')).join('')).toBe(UUID.replaceAll('-', ''))
  })

  it('gets an id of its own each time it is given, also the same Outgoing', async () => {
    const { sink } = storing()
    const front = sink()
    const heartbeat = outgoing('alive')
    const ids = [await front.send(heartbeat), await front.send(heartbeat), await front.send('alive')].map(({ id }) => id)
    expect(new Set(ids).size).toBe(3)
  })
})

describe("the sink's options", () => {
  it('give a key, a format and a compression to messages that bring none', () => {
    const { sink, broker } = rig()
    const front = sink({ key: 'all', format: 'AVRO', compression: 'zstd' })
    front.next(Uint8Array.of(1))
    front.next(outgoing(Uint8Array.of(1), { key: 'own', format: 'voevent' }))
    expect(broker.records.map(({ key }) => text(key))).toEqual(['all', 'own'])
    expect(broker.records.map(record => headersOf(record).at(-1))).toEqual(['_format=avro', '_format=voevent'])
    expect(broker.records.map(({ compression }) => compression)).toEqual(['zstd', 'zstd'])
  })

  it('find the key in the payload', async () => {
    const { sink, broker } = storing()
    const front = sink<Alert>({ key: alert => alert.superevent_id })
    const stored = await front.send({ superevent_id: 'S7' })
    expect(stored.key).toBe('S7')
    await front.send(outgoing({ superevent_id: 'S7' }, { key: 'own' }))
    expect(broker.records.map(({ key }) => text(key))).toEqual(['S7', 'own'])
  })

  it('fail that message alone whose key cannot be found', async () => {
    const { sink, broker } = storing()
    const wrongKey = (): string => JSON.parse('7')
    const front = sink<Alert | null | 7>({ key: alert => (alert === 7 ? wrongKey() : alert!.superevent_id) })
    const thrown = await rejection(front.send(null))
    expect(thrown).toBeInstanceOf(PublishError)
    expect(thrown).toMatchObject({ code: 'ALERT_UNWRITABLE', stored: false })
    expect((thrown as Error).message).toContain("the sink's key function found no key")
    expect(((await rejection(front.send(7))) as Error).message).toContain('expected a string or a Uint8Array')
    await front.send({ superevent_id: 'S1' })
    expect(broker.records).toHaveLength(1)
  })

  it.each<[string, object, RegExp]>([
    ['a compression', { compression: 'brotli' }, /'brotli'; expected one of none, gzip, snappy, lz4, zstd/],
    ['a key', { key: 7 }, /key of a message is number 7/],
    ['a format', { format: 1 }, /format of a message is number 1/],
  ])('are refused at once: %s', (_what, options, message) => {
    const make = (): unknown => rig().sink(options as TopicSinkOptions)
    expect(make).toThrow(ConfigError)
    expect(make).toThrow(message)
  })
})

describe('what comes out', () => {
  it('is each message once the broker has stored it, with its place', async () => {
    const { sink, broker } = rig()
    const front = sink<Alert>({ key: 'k' })
    const out: Stored<Alert>[] = []
    front.subscribe(stored => out.push(stored))
    const alert = { superevent_id: 'S1' }
    front.next(alert)
    expect(out).toEqual([])
    broker.settle(0, { partition: 3, offset: 42 })
    expect(out).toHaveLength(1)
    expect(out[0]).toMatchObject({
      ok: true,
      stored: true,
      topic: 'superevent',
      fullTopic: 'gracedb.superevent',
      partition: 3,
      offset: 42,
      key: 'k',
      format: 'json',
    })
    expect(out[0]?.payload).toBe(alert)
    expect(out[0]?.id).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('comes in the order in which messages settle', () => {
    const { sink, broker } = rig()
    const front = sink<number>()
    const out: number[] = []
    front.subscribe(({ payload }) => out.push(payload))
    for (const n of [1, 2, 3]) front.next(n)
    broker.settle(1, { partition: 1, offset: 0 })
    broker.store()
    expect(out).toEqual([2, 1, 3])
  })

  it('has no offset where the broker only said that it has the message', async () => {
    const { sink, broker } = rig()
    const sent = sink().send(1)
    broker.settle(0, { partition: 0, offset: undefined })
    expect(await sent).toMatchObject({ stored: true, offset: undefined })
  })

  it('is only what this front published', async () => {
    const { sink, broker } = rig()
    const [one, other] = [sink<number>(), sink<number>()]
    const out: number[] = []
    one.subscribe(({ payload }) => out.push(payload))
    one.next(1)
    other.next(2)
    broker.store()
    expect(out).toEqual([1])
  })

  it('can be sent once more as the same message, to this or another topic', async () => {
    const [first, mirror] = [storing(), storing()]
    const [front, mirrored] = [first.sink<Alert>(), mirror.sink<Alert>()]
    front.subscribe(mirrored)
    of(outgoing({ superevent_id: 'S1' }, { key: 'k', test: true })).subscribe(front)
    await mirrored.done
    expect(mirror.broker.records.map(({ value }) => text(value))).toEqual(['{"superevent_id":"S1"}'])
    expect(headersOf(mirror.broker.records[0])).toContain('_test=true')
    expect(mirror.broker.records[0]?.headers[0]).toEqual(first.broker.records[0]?.headers[0])
  })
})

describe('send', () => {
  it('resolves with where the message was stored', async () => {
    const { sink, broker } = rig()
    const sent = sink<Alert>().send({ superevent_id: 'S1' })
    broker.settle(0, { partition: 1, offset: 5 })
    expect(await sent).toMatchObject({ partition: 1, offset: 5, payload: { superevent_id: 'S1' } })
  })

  it('rejects with a PublishError that says that it is not stored, and why', async () => {
    const { sink, broker } = rig()
    const sent = sink().send(outgoing(1, { id: UUID }))
    broker.settle(0, refused)
    const error = await rejection(sent)
    expect(error).toBeInstanceOf(PublishError)
    expect(error).toMatchObject({ stored: false, code: 'ALERT_TOPIC_FORBIDDEN', kafka: 'TOPIC_AUTHORIZATION_FAILED', cause: refused.error })
    expect((error as Error).message).toBe(`gracedb.superevent: message ${UUID} is not stored: the broker said no`)
  })

  it('says when it is unknown whether it is stored, and how to send it again', async () => {
    const { sink, broker } = rig()
    const sent = sink().send(outgoing(1, { id: UUID }))
    broker.settle(0, doubtful)
    const error = await rejection(sent)
    expect(error).toMatchObject({ stored: 'unknown', code: 'ALERT_EXPIRED' })
    expect((error as Error).message).toMatch(/may or may not be stored: no answer within 120 s\. To send it once more, give it the same id/)
  })
})

describe('results$', () => {
  it('tells every delivery and every failure, those of send() too, to whoever listens now', async () => {
    const { sink, broker } = rig()
    const front = sink<number>()
    front.next(0)
    broker.store()
    const results: PublishResult<number>[] = []
    front.results$.subscribe(result => results.push(result))
    front.next(1)
    const sent = rejection(front.send(2))
    front.next(3)
    broker.settle(0, { partition: 0, offset: 9 })
    broker.settle(0, refused)
    broker.settle(0, doubtful)
    await sent
    expect(results.map(result => (result.ok ? result.offset : result.error.code))).toEqual([9, 'ALERT_TOPIC_FORBIDDEN', 'ALERT_EXPIRED'])
    expect(results.map(({ stored }) => stored)).toEqual([true, false, 'unknown'])
    expect(told(results)).toEqual([1, 2, 3])
  })

  it('completes when the sink has ended', async () => {
    const { sink } = storing()
    const front = sink<number>()
    const all = firstValueFrom(front.results$.pipe(toArray()))
    front.next(1)
    front.complete()
    expect(told(await all)).toEqual([1])
  })

  it('gives a failed message in a form that can be sent again, with the same id', async () => {
    const { sink, broker } = rig()
    const front = sink<number>()
    front.results$.subscribe(result => result.ok || front.next(result))
    front.next(outgoing(7, { headers: [['h', 'v']] }))
    broker.settle(0, refused)
    const [first, again] = broker.records
    expect(again?.headers).toEqual(first?.headers)
    expect(text(again?.value)).toBe('7')
    broker.store()
    await front.flush()
  })
})

describe('a message that cannot be written', () => {
  it('fails alone, before it is sent, and later ones go on', async () => {
    const { sink, broker } = storing()
    const front = sink()
    const results: PublishResult[] = []
    front.results$.subscribe(result => results.push(result))
    const loop: { self?: unknown } = {}
    loop.self = loop
    for (const payload of [undefined, () => 1, loop, 'fine']) front.next(payload)
    expect(results).toEqual([])
    await front.flush()
    expect(results.map(result => (result.ok ? 'stored' : result.error.code)).sort()).toEqual([
      'ALERT_UNWRITABLE',
      'ALERT_UNWRITABLE',
      'ALERT_UNWRITABLE',
      'stored',
    ])
    expect(broker.records.map(({ value }) => text(value))).toEqual(['"fine"'])
  })
})
