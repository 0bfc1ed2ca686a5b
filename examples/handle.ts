// At least once: an alert counts as handled when the work on it is done; alerts of one superevent keep their order.
import { handle, type IgwnAlertClient, parseJson, retryOnFatal } from 'igwn-alert-rx'
import type { Observable } from 'rxjs'
import { clientFromEnvironment, isMain } from './environment.ts'

interface Alert {
  readonly superevent_id: string
  readonly alert_type: string
}

export function run(client: IgwnAlertClient, page: (alert: Alert) => Promise<void>): Observable<void> {
  return client.topic('superevent').pipe(
    parseJson<Alert>(),
    handle(({ payload }) => page(payload), { concurrency: 4, key: ({ payload }) => payload.superevent_id, retry: 3 }),
    retryOnFatal(),
  )
}

if (isMain(import.meta.url)) run(clientFromEnvironment(), async alert => console.log('page for', alert)).subscribe({ error: console.error })
