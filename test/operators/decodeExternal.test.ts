import { delay, type Observable, Subject, take } from 'rxjs'
import { describe, expect, it, vi } from 'vitest'
import { AlertError } from '../../src/errors.ts'
import { ExternalReference } from '../../src/formats/external.ts'
import { type DecodeOptions, decode } from '../../src/operators/decode.ts'
import type { ExternalMessage, ExternalRequest } from '../../src/operators/external.ts'
import { handle } from '../../src/operators/handle.ts'
import { type AlertRecord, Delivery, type RecordHeader } from '../../src/record.ts'
import { FakePartition, header, plainRecord, text } from '../support/deliveries.ts'

const URL_OF = (name: string): string => `https://alice:secret@keep.invalid/msg/${name}`
const external = [header('_format', 'external'), { name: '_id', value: new Uint8Array(16) }]

/** The server that keeps messages: answers when the test says so. */
class Keeper {
  readonly requests: ExternalRequest[] = []
  readonly #answers: { resolve(message: ExternalMessage): void; reject(error: unknown): void }[] = []

  readonly resolver = (request: ExternalRequest): Promise<ExternalMessage> => {
    this.requests.push(request)
    return new Promise((resolve, reject) => this.#answers.push({ resolve, reject }))
  }

  async answer(nth: number, value: string, headers: readonly RecordHeader[] = [header('_format', 'json')]): Promise<void> {
    this.#answers[nth]!.resolve({ payload: text(value), key: text('K'), headers, timestamp: 42 })
    await settled()
  }

  async fail(nth: number, error: unknown): Promise<void> {
    this.#answers[nth]!.reject(error)
    await settled()
  }
}

/** Longer than any chain of microtasks here. */
const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** A partition below `decode({ external })`; `send('@x')` is a record whose message is elsewhere, any other is JSON. */
function bed(options: DecodeOptions & { readonly bornHeld?: boolean } = {}) {
  const { bornHeld, ...own } = options
  const keeper = new Keeper()
  const partition = new FakePartition({}, { bornHeld })
  const sent = new Subject<Uint8Array | null>()
  const headersOf = new WeakMap<Uint8Array, readonly RecordHeader[]>()
  const delivered = partition.deliver(sent, payload => ({ headers: (payload && headersOf.get(payload)) ?? [] }))
  const decoded = delivered.pipe(decode({ ...own, external: keeper.resolver } as DecodeOptions & { onDecodeError?: 'skip' }))
  const send = (...values: readonly (string | null)[]): void => {
    for (const value of values) {
      const isElsewhere = value?.startsWith('@') ?? false
      const payload = value === null ? null : text(isElsewhere ? JSON.stringify({ url: URL_OF(value.slice(1)) }) : value)
      if (payload && isElsewhere) headersOf.set(payload, external)
      sent.next(payload)
    }
  }
  return { keeper, partition, sent, send, decoded, got: [] as unknown[] }
}

const into = (records$: Observable<AlertRecord<unknown>>, got: unknown[]) =>
  records$.subscribe({
    next: ({ payload }) => got.push(payload),
    error: error => got.push(`error ${error.message}`),
    complete: () => got.push('complete'),
  })

describe('decode with a resolver', () => {
  it('passes at once what has nothing to wait for', () => {
    const { decoded, send, got, partition, keeper } = bed()
    into(decoded, got)
    send('1', null, '2')
    expect([got, partition.states, keeper.requests]).toEqual([[1, 2], ['auto', 'auto', 'auto'], []])
  })

  it('asks for a message and decodes it by its own headers', async () => {
    const { decoded, send, got, keeper, partition } = bed()
    into(decoded, got)
    send('@1')
    expect(keeper.requests).toMatchObject([{ url: URL_OF('1'), record: { offset: 0 }, signal: { aborted: false } }])
    expect(partition.states).toEqual(['held'])
    await keeper.answer(0, '{"header":{"title":"T"},"body":"B"}', [header('_format', 'circular')])
    expect(got).toEqual([{ header: { title: 'T' }, body: 'B' }])
    expect(partition.states).toEqual(['acked'])
  })

  it('gives the message its key, headers, format, id, sender and time; the place stays', async () => {
    const { decoded, send, keeper } = bed()
    const records: Delivery<unknown>[] = []
    decoded.subscribe(record => records.push(record))
    send('@1')
    const id = Uint8Array.from({ length: 16 }, (_, i) => i)
    await keeper.answer(0, '7', [header('mine', 'x'), { name: '_id', value: id }, header('_sender', 'bob'), header('_format', 'json')])
    const [record] = records
    expect(record).toBeInstanceOf(Delivery)
    expect(record).toMatchObject({ topic: 'superevent', partition: 0, offset: 0, timestamp: 42, format: 'json', sender: 'bob', payload: 7 })
    expect(record?.id).toBe('00010203-0405-0607-0809-0a0b0c0d0e0f')
    expect(record?.key).toEqual(text('K'))
    expect(record?.toJSON()).toMatchObject({ key: 'Sw==', format: 'json', timestamp: 42, payload: 7 })
    expect(record?.with(8)).toMatchObject({ sender: 'bob', payload: 8 })
  })

  it('does the same for a plain record', async () => {
    const keeper = new Keeper()
    const sent = new Subject<AlertRecord<Uint8Array>>()
    const records: AlertRecord<unknown>[] = []
    sent.pipe(decode({ external: keeper.resolver })).subscribe(record => records.push(record))
    const bytes = text(JSON.stringify({ url: URL_OF('1') }))
    sent.next(plainRecord(bytes, { headers: external }))
    sent.next(plainRecord(text('2'), { offset: 1 }))
    await keeper.answer(0, '1', [header('_format', 'json'), header('_sender', 'bob')])
    expect(records).toMatchObject([{ offset: 0, payload: 1, format: 'json', sender: 'bob', id: undefined, timestamp: 42 }, { payload: 2 }])
    expect(records[0]?.toJSON()).toMatchObject({ sender: 'bob', payload: 1 })
  })

  it('keeps back what comes after it in its partition, in order, and several of them', async () => {
    const { decoded, send, got, keeper, partition } = bed()
    into(decoded, got)
    send('1', '@2', '3', null, '@4', '5')
    expect(got).toEqual([1])
    expect(keeper.requests).toHaveLength(1)
    await keeper.answer(0, '2')
    expect(got).toEqual([1, 2, 3])
    expect(keeper.requests).toHaveLength(2)
    expect(partition.states).toEqual(['auto', 'acked', 'acked', 'acked', 'held', 'held'])
    await keeper.answer(1, '4')
    send('6')
    expect(got).toEqual([1, 2, 3, 4, 5, 6])
    expect(partition.states).toEqual(['auto', 'acked', 'acked', 'acked', 'acked', 'acked', 'auto'])
  })

  it('lets other partitions go on', async () => {
    const keeper = new Keeper()
    const [here, there] = [new FakePartition(), new FakePartition({ partition: 1 })]
    const source = new Subject<Delivery<unknown>>()
    const got: unknown[] = []
    into(source.pipe(decode({ external: keeper.resolver })), got)
    source.next(here.make(text(JSON.stringify({ url: URL_OF('1') })), { headers: external }))
    source.next(here.make(text('2')))
    source.next(there.make(text('3')))
    source.next(there.make(text(JSON.stringify({ url: URL_OF('4') })), { headers: external }))
    expect(got).toEqual([3])
    await keeper.answer(1, '4')
    expect(got).toEqual([3, 4])
    await keeper.answer(0, '1')
    expect(got).toEqual([3, 4, 1, 2])
  })

  it('takes what comes while it passes on behind the others', async () => {
    const { decoded, send, got, keeper } = bed()
    decoded.subscribe(({ payload }) => {
      got.push(payload)
      if (payload === 1) send('4')
    })
    send('@1', '2', '3')
    await keeper.answer(0, '1')
    expect(got).toEqual([1, 2, 3, 4])
  })

  it('stays with a reference that a message holds', async () => {
    const { decoded, send, got, keeper } = bed()
    into(decoded, got)
    send('@1', '2')
    await keeper.answer(0, '{"url":"https://other.invalid/"}', [header('_format', 'external')])
    expect(got).toEqual([new ExternalReference('https://other.invalid/'), 2])
    expect(got[0]).toBeInstanceOf(ExternalReference)
    expect(keeper.requests).toHaveLength(1)
  })

  it('reads the message as it is said to be', async () => {
    const { decoded, send, got, keeper } = bed({ as: 'gcntextnotice' })
    into(decoded, got)
    send('@1')
    await keeper.answer(0, 'TITLE: X', [])
    expect(got).toMatchObject([{ fields: { title: 'X' } }])
  })

  it('completes when what is under way is done', async () => {
    const { decoded, send, sent, got, keeper } = bed()
    into(decoded, got)
    send('@1', '2')
    sent.complete()
    expect(got).toEqual([])
    await keeper.answer(0, '1')
    expect(got).toEqual([1, 2, 'complete'])
  })

  it('completes at once when nothing is', () => {
    const { decoded, sent, got } = bed()
    into(decoded, got)
    sent.complete()
    expect(got).toEqual(['complete'])
  })

  it('is worked on by handle() below it', async () => {
    const { decoded, send, got, keeper, partition } = bed({ bornHeld: true })
    decoded.pipe(handle(async ({ payload }) => payload)).subscribe(payload => got.push(payload))
    send('@1', '2')
    await keeper.answer(0, '1')
    await vi.waitFor(() => expect(got).toEqual([1, 2]))
    expect(partition.states).toEqual(['acked', 'acked'])
  })
})

describe('a message that cannot be fetched', () => {
  const MESSAGE =
    'gracedb.superevent[0]@0: its message, which is kept at https://keep.invalid, could not be fetched: no answer from https://keep.invalid'
  const error = new AlertError('ALERT_TIMEOUT', `no answer from ${URL_OF('1')}`)

  it('is reported with the place and the server, never with what is in the address', async () => {
    const { decoded, send, got, keeper, partition } = bed()
    into(decoded, got)
    send('@1', '2')
    await keeper.fail(0, error)
    expect(got).toEqual([2])
    expect(partition.failures).toMatchObject([
      { offset: 0, error: { name: 'DecodeError', message: MESSAGE, cause: { code: 'ALERT_TIMEOUT' } } },
    ])
    expect(JSON.stringify([partition.failures, partition.failures[0]?.error.cause])).not.toContain('secret')
    expect(partition.states).toEqual(['acked', 'acked'])
  })

  it("goes on with its error: 'keep'", async () => {
    const { decoded, send, got, keeper, partition } = bed({ onDecodeError: 'keep' })
    into(decoded, got)
    send('@1', '2')
    await keeper.fail(0, error)
    expect(got).toMatchObject([{ error: { message: MESSAGE }, bytes: text(JSON.stringify({ url: URL_OF('1') })) }, { value: 2 }])
    expect(partition.failures).toEqual([])
  })

  it("ends the stream, and all that waits comes again: 'error'", async () => {
    const { decoded, send, sent, got, keeper, partition } = bed({ onDecodeError: 'error' })
    into(decoded, got)
    send('@1', '2', '@3')
    await keeper.fail(0, error)
    expect(got).toEqual([`error ${MESSAGE}`])
    expect(partition.states).toEqual(['released', 'released', 'released'])
    expect(sent.observed).toBe(false)
  })

  it.each([
    ['what was thrown is no error', 'gone', 'could not be fetched: gone'],
    ['the message is not what its header says', undefined, 'not JSON: line 1, column 1'],
  ])('is one too if %s', async (_, thrown, said) => {
    const { decoded, send, got, keeper, partition } = bed()
    into(decoded, got)
    send('@1', '2')
    await (thrown === undefined ? keeper.answer(0, 'oops') : keeper.fail(0, thrown))
    expect(got).toEqual([2])
    expect(partition.failures[0]?.error.message).toContain(said)
  })

  it.each(['not a URL', 'data:text/plain,secret'])('does not show the address %j', async address => {
    const keeper = new Keeper()
    const partition = new FakePartition()
    const source = new Subject<Delivery<unknown>>()
    source.pipe(decode({ external: keeper.resolver })).subscribe()
    source.next(partition.make(text(JSON.stringify({ url: address })), { headers: external }))
    await keeper.fail(0, new Error('refused'))
    expect(partition.failures[0]?.error.message).toBe(
      'gracedb.superevent[0]@0: its message, which is kept at an address that is no URL of the web, could not be fetched: refused',
    )
  })
})

describe('what waits for a message', () => {
  it('is given back, and the fetch called off, when the chain is unsubscribed', async () => {
    const { decoded, send, sent, got, keeper, partition } = bed()
    const subscription = into(decoded, got)
    send('@1', '2')
    subscription.unsubscribe()
    expect([keeper.requests[0]?.signal.aborted, sent.observed]).toEqual([true, false])
    await keeper.answer(0, '1')
    expect([got, partition.states]).toEqual([[], ['released', 'released']])
  })

  it('is given back when the source fails', async () => {
    const { decoded, send, sent, got, keeper, partition } = bed()
    into(decoded, got)
    send('@1', '2')
    sent.error(new Error('broken'))
    await settled()
    expect([got, partition.states, keeper.requests[0]?.signal.aborted]).toEqual([['error broken'], ['released', 'released'], true])
  })

  it('is given back when its partition leaves, and nothing of it goes on', async () => {
    const { decoded, send, got, keeper, partition } = bed()
    into(decoded, got)
    send('@1', '2')
    partition.leave()
    await settled()
    expect([got, partition.states, keeper.requests[0]?.signal.aborted]).toEqual([[], ['released', 'released'], true])
    partition.leaving = false
    send('3')
    expect(got).toEqual([3])
  })

  it('does not go on once its ack no longer counts', async () => {
    const { decoded, send, got, keeper, partition } = bed()
    into(decoded, got)
    send('@1', '2')
    partition.fence()
    await settled()
    expect([got, partition.states, keeper.requests[0]?.signal.aborted]).toEqual([[], ['fenced', 'fenced'], true])
    send('3')
    expect(got).toEqual([3])
  })

  it('comes again when the chain below closes in the midst of it', async () => {
    const { decoded, send, got, keeper, partition } = bed()
    into(decoded.pipe(take(1)), got)
    send('@1', '2')
    await keeper.answer(0, '1')
    expect([got, partition.states]).toEqual([
      [1, 'complete'],
      ['released', 'released'],
    ])
  })

  it('waits still for the ack of one that is born held', async () => {
    const { decoded, send, keeper, partition } = bed({ bornHeld: true })
    const records: Delivery<unknown>[] = []
    decoded.subscribe(record => records.push(record))
    send('@1', null)
    await keeper.answer(0, '1')
    expect(partition.states).toEqual(['held', 'acked'])
    records[0]?.ack()
    expect(partition.states).toEqual(['acked', 'acked'])
  })

  it('must not be handled already, as below an asynchronous operator', async () => {
    const partition = new FakePartition()
    const sent = new Subject<Uint8Array>()
    const got: unknown[] = []
    const late = partition.deliver(sent, () => ({ headers: external })).pipe(delay(0), decode({ external: new Keeper().resolver }))
    late.subscribe({ error: error => got.push(error.code) })
    sent.next(text(JSON.stringify({ url: URL_OF('1') })))
    await vi.waitFor(() => expect(got).toEqual(['ALERT_LATE_HOLD']))
  })

  it('is of one subscription', async () => {
    const keeper = new Keeper()
    const operator = decode({ external: keeper.resolver })
    const [one, other] = [new FakePartition(), new FakePartition()]
    const [a, b] = [new Subject<Delivery<unknown>>(), new Subject<Delivery<unknown>>()]
    const got: unknown[] = []
    into(a.pipe(operator), got)
    into(b.pipe(operator), got)
    a.next(one.make(text(JSON.stringify({ url: URL_OF('1') })), { headers: external }))
    b.next(other.make(text('2')))
    expect(got).toEqual([2])
  })
})
