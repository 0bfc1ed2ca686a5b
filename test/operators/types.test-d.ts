/** What compiles and what must not; checked by tsc, never run. */
import { asapScheduler, bufferCount, filter, map, merge, type Observable, of, partition, retry, share } from 'rxjs'
import {
  AlertError,
  type AlertRecord,
  ConfigError,
  type Decoded,
  DecodeError,
  Delivery,
  decode,
  dedupe,
  detectSilence,
  dropStale,
  ExternalReference,
  type ExternalResolver,
  type FormatName,
  filterRecords,
  filterTopics,
  type GcnCircular,
  type GcnTextNotice,
  type HandleOptions,
  handle,
  ignoreTest,
  mapPayload,
  orderByTime,
  parseJson,
  type RetryOnFatalOptions,
  retryOnFatal,
  Silence,
  type VOEvent,
  type With,
} from '../../src/operators.ts'

interface Alert {
  readonly superevent_id: string
  readonly far?: number
}

declare const topic: Observable<Delivery>
declare const live: Observable<AlertRecord>

declare const settings: {
  concurrency?: number | undefined
  count?: number | undefined
  bigints?: boolean | undefined
  as?: FormatName | undefined
  external?: ExternalResolver | undefined
}

type Is<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
const yes = <_T extends true>(): void => {}

// parseJson: the payload's type is what you say, the kind of record stays
const unknownPayload = topic.pipe(parseJson())
yes<Is<typeof unknownPayload, Observable<Delivery<unknown>>>>()
const alerts = topic.pipe(parseJson<Alert>())
yes<Is<typeof alerts, Observable<Delivery<Alert>>>>()
const liveAlerts = live.pipe(parseJson<Alert>({ bigints: true, onDecodeError: 'error' }))
yes<Is<typeof liveAlerts, Observable<AlertRecord<Alert>>>>()
const kept = topic.pipe(parseJson<Alert>({ onDecodeError: 'keep' }))
yes<Is<typeof kept, Observable<Delivery<Decoded<Alert>>>>>()
kept.subscribe(({ payload }) => {
  if (payload.error) payload.bytes.length.toFixed()
  else payload.value.superevent_id.trim()
  // @ts-expect-error perhaps there is no value
  payload.value.superevent_id.trim()
})

// decode: the same, of every format
const anyFormat = topic.pipe(decode())
yes<Is<typeof anyFormat, Observable<Delivery<unknown>>>>()
const events = live.pipe(decode<VOEvent>({ as: 'voevent', bigints: true, unwrap: 3, limits: { xmlBytes: 1 }, onDecodeError: 'error' }))
yes<Is<typeof events, Observable<AlertRecord<VOEvent>>>>()
const keptEvents = topic.pipe(decode<VOEvent | ExternalReference>({ onDecodeError: 'keep' }))
yes<Is<typeof keptEvents, Observable<Delivery<Decoded<VOEvent | ExternalReference>>>>>()
keptEvents.subscribe(({ payload: { error, value } }) => {
  if (!error && !(value instanceof ExternalReference)) value.ivorn.trim()
  // @ts-expect-error perhaps it is elsewhere, or was not decoded
  value.ivorn.trim()
})
const resolver: ExternalResolver = async ({ url, record, signal }) => {
  signal.throwIfAborted()
  return { payload: new TextEncoder().encode(url), key: record.key, headers: record.headers, timestamp: record.timestamp }
}
const fetched = topic.pipe(
  decode<Alert>({ external: resolver, as: ({ topic, format }) => (format === undefined && topic !== 'x' ? 'gcntextnotice' : undefined) }),
  handle(async ({ payload }) => payload.superevent_id),
)
yes<Is<typeof fetched, Observable<string>>>()
// @ts-expect-error no such format
decode({ as: 'zebra' })
// @ts-expect-error no such policy
decode({ onDecodeError: 'ignore' })
// @ts-expect-error a message is more than its bytes
decode({ external: async () => new Uint8Array() })
decode({ as: settings.as, external: settings.external })
export const notice = ({ raw, fields }: GcnTextNotice): string => fields['title'] ?? String(raw.length)
export const circular = ({ header, body }: GcnCircular): string => (header['title'] ?? '') + body

// operators that keep the record's type
const narrowed = alerts.pipe(
  filterTopics('superevent'),
  filterTopics((name, record) => name === record.topic),
  ignoreTest(),
  filterRecords(record => record.payload.superevent_id > 'S'),
  filter(record => record.offset > 1),
  retry(),
)
yes<Is<typeof narrowed, Observable<Delivery<Alert>>>>()
const rest = narrowed.pipe(retryOnFatal(), share())
yes<Is<typeof rest, Observable<Delivery<Alert>>>>()
const liveRest = live.pipe(ignoreTest(), parseJson<Alert>(), filterTopics('superevent'), retryOnFatal())
yes<Is<typeof liveRest, Observable<AlertRecord<Alert>>>>()
const far = alerts.pipe(filterRecords((record): record is Delivery<Required<Alert>> => record.payload.far !== undefined))
yes<Is<typeof far, Observable<Delivery<Required<Alert>>>>>()

const once = alerts.pipe(
  dropStale({ maxAge: 60_000, time: ({ payload }) => Date.parse(payload.superevent_id), onDrop: (record, age) => record.fail(age) }),
  dedupe({ key: ({ payload }) => payload.superevent_id, within: 60_000, clock: Date }),
  orderByTime({ within: 1_000, time: ({ payload }) => payload.far ?? 0, scheduler: asapScheduler }),
)
yes<Is<typeof once, Observable<Delivery<Alert>>>>()
const liveOnce = live.pipe(dropStale({ maxAge: 60_000 }), dedupe(), orderByTime({ within: 1_000 }))
yes<Is<typeof liveOnce, Observable<AlertRecord>>>()
// functions of one's own, which ask for less than what flows, do not change what flows
const keyOf = ({ payload }: AlertRecord<Alert>): string => payload.superevent_id
const timeOf = ({ payload }: { readonly payload: { readonly far?: number } }): number => payload.far ?? 0
const stillOnce = alerts.pipe(dedupe({ key: keyOf }), orderByTime({ within: 1_000, time: timeOf }), dropStale({ maxAge: 1, time: timeOf }))
yes<Is<typeof stillOnce, Observable<Delivery<Alert>>>>()
// @ts-expect-error not decoded yet
topic.pipe(dedupe({ key: keyOf }))
// @ts-expect-error how old is too old?
dropStale({})
// @ts-expect-error a key is a text
alerts.pipe(dedupe({ key: record => record.offset }))

// detectSilence: a silence is no record
const audible = alerts.pipe(detectSilence({ after: 60_000 }))
yes<Is<typeof audible, Observable<Delivery<Alert> | Silence>>>()
const numbers = of(1, 2).pipe(detectSilence({ after: 60_000, repeat: true }))
yes<Is<typeof numbers, Observable<number | Silence>>>()
// @ts-expect-error it has to be told apart first
audible.pipe(handle(async () => {}))
// @ts-expect-error operators on records do not take it either
audible.pipe(filterRecords(record => record.payload.superevent_id > 'S'))
const heard = audible.pipe(filter(value => value instanceof Delivery))
yes<Is<typeof heard, Observable<Delivery<Alert>>>>()
heard.pipe(handle(async ({ payload }) => payload.superevent_id))
const [silences, sounds] = partition(audible, value => value instanceof Silence)
yes<Is<typeof silences, Observable<Silence>>>()
sounds.pipe(handle(async ({ payload }) => payload.superevent_id))
audible.subscribe(value => {
  if ('type' in value) value.since.toFixed()
  else value.ack()
})

// mapPayload
const lengths = liveAlerts.pipe(mapPayload(alert => alert.superevent_id.length))
yes<Is<typeof lengths, Observable<AlertRecord<number>>>>()
const ids = alerts.pipe(mapPayload((alert, record) => `${record.offset} ${alert.superevent_id}`))
yes<Is<typeof ids, Observable<Delivery<string>>>>()

// handle: the result's type is what fn gives
const strings = alerts.pipe(handle(async record => record.payload.superevent_id, { key: record => record.payload.superevent_id }))
yes<Is<typeof strings, Observable<string>>>()
const awaited = alerts.pipe(
  handle(async record => {
    record.ack()
  }),
)
yes<Is<typeof awaited, Observable<void>>>()
const nothing = alerts.pipe(
  handle(record => {
    console.log(record.payload.superevent_id)
  }),
)
yes<Is<typeof nothing, Observable<void>>>()
// what an operators-only module needs to name
export const errors: readonly (typeof AlertError)[] = [AlertError]
export const kinds: readonly unknown[] = [ConfigError, DecodeError, Delivery]
export type Numbered = With<Delivery<Alert>, number>

const observed = alerts.pipe(handle(record => of(record).pipe(map(({ payload }) => payload.far))))
yes<Is<typeof observed, Observable<number | undefined>>>()
const twice = alerts.pipe(
  handle(async record => record),
  handle(async record => record.payload.superevent_id),
)
yes<Is<typeof twice, Observable<string>>>()
const merged = merge(topic, topic).pipe(
  parseJson<Alert>(),
  handle(async ({ payload }) => payload.superevent_id),
)
yes<Is<typeof merged, Observable<string>>>()

// a lost ack is a compile error
const handled = handle(async (record: Delivery<unknown>) => record.offset)
// @ts-expect-error a record without claims
live.pipe(handled)
// @ts-expect-error nor does decoding give it any
liveAlerts.pipe(handled)
// @ts-expect-error the payload alone
alerts.pipe(map(record => record.payload)).pipe(handled)
// @ts-expect-error a spread loses the methods, as at run time
alerts.pipe(map(record => ({ ...record, payload: 1 }))).pipe(handled)
// @ts-expect-error an array is no delivery
alerts.pipe(bufferCount(2)).pipe(handled)
alerts.pipe(handled)

// work is nothing, a promise or an Observable
// @ts-expect-error a string would be iterated by rxjs
alerts.pipe(handle(record => record.payload.superevent_id))
// @ts-expect-error a number that push() returned is forgotten work, or none
alerts.pipe(handle(record => [1].push(record.offset)))

// an undefined from a settings object is accepted
alerts.pipe(handle(async () => {}, { concurrency: settings.concurrency, retry: { count: settings.count } }))
topic.pipe(parseJson<Alert>({ bigints: settings.bigints }), retryOnFatal({ count: settings.count }))
// @ts-expect-error no such policy
parseJson({ onDecodeError: 'ignore' })
const options: HandleOptions<Delivery<Alert>> = {
  deadLetter: (record, error) => Promise.resolve([record.payload.far, error]),
  onFailure: 'deadLetter',
}
const delays: readonly RetryOnFatalOptions[] = [{ delay: 5 }, { delay: (_error, attempt) => attempt * 100 }, { delay: () => of(1) }]
console.log(options, delays)

/** Generic code over any payload may use the operators. */
export const numbered = <P>(source: Observable<Delivery<P>>): Observable<number> =>
  source.pipe(
    filterRecords(record => record.offset >= 0),
    handle(async record => record.offset),
  )
