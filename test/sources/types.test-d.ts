/** What compiles and what must not; checked by tsc, never run. */
import { bufferCount, filter, map, merge, type Observable, type OperatorFunction } from 'rxjs'
import { filterTopics, handle, ignoreTest, mapPayload, parseJson, retryOnFatal } from '../../src/operators.ts'
import type { Delivery } from '../../src/record.ts'
import { type AlertStream, toStream } from '../../src/sources/AlertStream.ts'
import { toAsyncIterable } from '../../src/sources/toAsyncIterable.ts'

interface Alert {
  readonly superevent_id: string
}

declare const topic: AlertStream<Delivery>
declare const plain: Observable<number>

type Is<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
const yes = <_T extends true>(): void => {}

// pipe() keeps the async iterable, through any number of operators, with the type of the last
const none = topic.pipe()
yes<Is<typeof none, AlertStream<Delivery>>>()
const parsed = topic.pipe(parseJson<Alert>())
yes<Is<typeof parsed, AlertStream<Delivery<Alert>>>>()
const eight = topic.pipe(
  filterTopics('superevent'),
  ignoreTest(),
  parseJson<Alert>(),
  filter(({ payload }) => payload.superevent_id > 'S'),
  mapPayload(({ superevent_id }) => superevent_id),
  retryOnFatal(),
  handle(async ({ payload }) => payload.length),
  map(length => length > 3),
)
yes<Is<typeof eight, AlertStream<boolean>>>()
export async function loops(): Promise<void> {
  for await (const { payload } of parsed) payload.superevent_id.trim()
  for await (const long of eight) long.valueOf()
  for await (const value of toStream(plain)) value.toFixed()
  for await (const record of toStream(merge(topic, parsed))) record.offset.toFixed()
  for await (const value of toAsyncIterable(plain, { buffer: 1 })) value.toFixed()
}

// @ts-expect-error an Observable is no async iterable: toStream() makes it one
plain satisfies AsyncIterable<number>

// no catch-all: what does not fit does not compile
// @ts-expect-error records are no strings
topic.pipe(map((text: string) => text.length))
parsed.pipe(
  // @ts-expect-error the second takes something else than the first gives
  map(({ payload }) => payload.superevent_id),
  map((far: number) => far),
)
declare const odd: OperatorFunction<number, number>
// @ts-expect-error nine operators: two pipes
plain.pipe().pipe(odd, odd, odd, odd, odd, odd, odd, odd, odd) satisfies AlertStream<number>

// what is no Delivery any more does not reach handle()
const spread = topic.pipe(map(record => ({ ...record, payload: 1 })))
// @ts-expect-error the claims are lost
spread.pipe(handle(async () => {}))
const buffered = topic.pipe(bufferCount(2))
// @ts-expect-error several records have several claims
buffered.pipe(handle(async () => {}))
