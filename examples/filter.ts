// Operators in between: filterRecords settles what it leaves out; once a record is handled, any RxJS operator will do.
import { filterRecords, handle, type IgwnAlertClient, parseJson } from 'igwn-alert-rx'
import { distinct, type Observable } from 'rxjs'
import { clientFromEnvironment, isMain } from './environment.ts'

interface Alert {
  readonly superevent_id: string
  readonly event: { readonly far: number } | null
}

const ONCE_A_YEAR = 1 / (365.25 * 86_400)

/** Superevents rarer than one false alarm a year, each once. */
export function run(client: IgwnAlertClient): Observable<string> {
  return client.topic('superevent').pipe(
    parseJson<Alert>(),
    filterRecords(({ payload: { event } }) => event !== null && event.far < ONCE_A_YEAR),
    handle(async ({ payload }) => payload.superevent_id),
    distinct(),
  )
}

if (isMain(import.meta.url)) run(clientFromEnvironment()).subscribe({ next: console.log, error: console.error })
