// Alerts that come more than once, as over several brokers: each is handled once, and those of yesterday not at all.
import { type AlertRecord, dedupe, dropStale, handle, type IgwnAlertClient, parseJson, retryOnFatal } from 'igwn-alert-rx'
import { merge, type Observable } from 'rxjs'
import { clientFromEnvironment, isMain } from './environment.ts'

interface Alert {
  readonly superevent_id: string
  readonly alert_type: string
  readonly time_created: string
}

/** Not the superevent alone: its updates are news. */
const nameOf = ({ payload: { superevent_id, alert_type, time_created } }: AlertRecord<Alert>): string =>
  `${superevent_id} ${alert_type} ${time_created}`

/** @param clients one for each broker */
export function run(clients: readonly IgwnAlertClient[], page: (alert: Alert) => Promise<void>): Observable<void> {
  return merge(...clients.map(client => client.topic('superevent'))).pipe(
    retryOnFatal(),
    dropStale({ maxAge: 12 * 3_600_000 }),
    parseJson<Alert>(),
    dedupe({ key: nameOf }),
    handle(({ payload }) => page(payload)),
  )
}

if (isMain(import.meta.url))
  run([clientFromEnvironment()], async alert => console.log('page for', alert)).subscribe({ error: console.error })
