/** What compiles and what must not; checked by tsc, never run. */
import { merge, type Observable, of } from 'rxjs'
import {
  type AlertStream,
  type Delivery,
  handle,
  IgwnAlertClient,
  outgoing,
  parseJson,
  retryOnFatal,
  type Stored,
  type TopicSink,
  toStream,
} from '../../src/index.ts'

interface Alert {
  readonly superevent_id: string
}

type Is<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false
const yes = <_T extends true>(): void => {}

declare const client: IgwnAlertClient
declare const alert: Alert
declare const alert$: Observable<Alert>

// A topic is a stream of deliveries, and stays a stream behind pipe, merge and toStream.
const topic = client.topic('superevent')
yes<Is<typeof topic, AlertStream<Delivery>>>()
const alerts = client.topics(['superevent', 'cbc_gstlal']).pipe(parseJson<Alert>(), retryOnFatal())
yes<Is<typeof alerts, AlertStream<Delivery<Alert>>>>()
const both = toStream(merge(topic, client.topic('superevent', { group: 'gracedb-test' })))
yes<Is<typeof both, AlertStream<Delivery>>>()
const ids = alerts.pipe(handle(async ({ payload }) => payload.superevent_id))
yes<Is<typeof ids, AlertStream<string>>>()

// One topic: one place; several: one each.
const one = client.publish('superevent', alert)
yes<Is<typeof one, Promise<Stored>>>()
const several = client.publish(['superevent', 'test'], outgoing(alert, { key: 'S1' }))
yes<Is<typeof several, Promise<Stored[]>>>()

// A sink is a Subject of its payload.
const sink = client.sink<Alert>('superevent', { key: ({ superevent_id }) => superevent_id })
yes<Is<typeof sink, TopicSink<Alert>>>()
alert$.subscribe(sink)
// @ts-expect-error not an alert
of(1).subscribe(sink)

// Options: undefined is as not given; what is not there does not compile.
new IgwnAlertClient({ group: undefined, port: undefined, retryWait: attempt => attempt * 100 })
// @ts-expect-error the seed's name
new IgwnAlertClient({ consumer_group: 'x' })
// @ts-expect-error an option of the client alone
client.topic('superevent', { batchSize: 1 })
// @ts-expect-error not without the confirmation
void client.delete('superevent')
// @ts-expect-error there is no such start
client.topic('superevent', { from: 'yesterday' })

client.listen((name, payload, record) => {
  name.trim()
  record.ack()
  // @ts-expect-error nobody knows what is in it
  payload.superevent_id
})
