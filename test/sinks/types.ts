import { map, type Observable, type Observer, of, type Subject } from 'rxjs'
import type { PublishError } from '../../src/errors.ts'
import type { AlertRecord, Delivery } from '../../src/record.ts'
import { type Outgoing, outgoing } from '../../src/sinks/outgoing.ts'
import type { PublishResult, Stored } from '../../src/sinks/results.ts'
import { TopicSink } from '../../src/sinks/TopicSink.ts'
import type { TopicWriter } from '../../src/sinks/TopicWriter.ts'

/* What compiles and what must not; checked by tsc, never run. */

interface Alert {
  readonly superevent_id: string
  readonly far?: number | undefined
}

type Is<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
const yes = <T extends true>(proof?: T): T | undefined => proof

declare const writer: TopicWriter
declare const alert$: Observable<Alert>
declare const record$: Observable<AlertRecord<Alert>>
declare const delivery$: Observable<Delivery<Alert>>
declare const settings: { readonly key?: string | undefined; readonly test?: boolean | undefined; readonly id?: string | undefined }

const typed = new TopicSink<Alert>(writer)
const untyped = new TopicSink(writer)

// A Subject of what was stored, with a wider next.
const subject: Subject<Stored<Alert>> = typed
const observer: Observer<Alert> = typed
const wide: Observer<Alert | Outgoing<Alert>> = typed
yes<Is<typeof untyped, TopicSink<unknown>>>()
yes<Is<Parameters<typeof typed.next>[0], Alert | Outgoing<Alert>>>()
yes<Is<ReturnType<typeof typed.send>, Promise<Stored<Alert>>>>()
yes<Is<typeof typed.results$, Observable<PublishResult<Alert>>>>()
yes<Is<typeof typed.done, Promise<void>>>()
yes<Is<typeof typed.closed, boolean>>()

alert$.subscribe(typed)
alert$.subscribe(untyped)
alert$.pipe(map(alert => outgoing(alert, { key: alert.superevent_id }))).subscribe(typed)
typed.next({ superevent_id: 'S1' })
typed.next(outgoing({ superevent_id: 'S1' }, { key: settings.key, test: settings.test, id: settings.id }))
untyped.next('text')
untyped.next(Uint8Array.of(1))

// @ts-expect-error not an alert
typed.next({ nope: 1 })
// @ts-expect-error not an alert, inside an Outgoing
typed.next(outgoing({ nope: 1 }))
// @ts-expect-error nor by send()
void typed.send({ nope: 1 })
// @ts-expect-error a typed sink takes payloads, no records
record$.subscribe(typed)
// @ts-expect-error nor deliveries
delivery$.subscribe(typed)
// @ts-expect-error an Outgoing is made by outgoing()
typed.next({ payload: { superevent_id: 'S1' } })
// @ts-expect-error null is no id
outgoing(1, { id: null })
// @ts-expect-error headers are pairs
outgoing(1, { headers: { name: 'value' } })

outgoing(1, { headers: new Map([['name', 'value']]) })
outgoing(1, { headers: Object.entries({ name: 'value' }) })
yes<Is<ReturnType<typeof outgoing<Alert>>, Outgoing<Alert>>>()

// What comes out.
typed.subscribe(stored => {
  yes<Is<typeof stored, Stored<Alert>>>()
  yes<Is<typeof stored.offset, number | undefined>>()
  yes<Is<typeof stored.payload, Alert>>()
  stored.id.toUpperCase()
})
const ids = typed.pipe(map(stored => stored.payload.superevent_id))
yes<Is<typeof ids, Observable<string>>>()
typed.results$.subscribe(result => {
  if (result.ok) yes<Is<typeof result.stored, true>>()
  else {
    yes<Is<typeof result.error, PublishError>>()
    yes<Is<typeof result.stored, false | 'unknown'>>()
    typed.next(result)
  }
  // @ts-expect-error only what was stored has a place
  void result.partition
})
// @ts-expect-error what is told is read-only
typed.subscribe(stored => (stored.id = ''))

// A sink's output is the input of another sink of the same payload, of no other.
typed.subscribe(new TopicSink<Alert>(writer))
// @ts-expect-error
typed.subscribe(new TopicSink<string>(writer))

// Options.
new TopicSink<Alert>(writer, { key: alert => alert.superevent_id, compression: 'zstd', format: undefined })
// @ts-expect-error no such field in the payload
new TopicSink<Alert>(writer, { key: alert => alert.graceid })
// @ts-expect-error no such compression
new TopicSink<Alert>(writer, { compression: 'brotli' })

of(subject, observer, wide)
