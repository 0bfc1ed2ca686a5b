// A stream that should not be quiet for a day: alerts are handled, and silence is said. One subscription serves both.
import { detectSilence, handle, type IgwnAlertClient, parseJson, Silence } from 'igwn-alert-rx'
import { filter, map, merge, type Observable, share } from 'rxjs'
import { clientFromEnvironment, isMain } from './environment.ts'

const DAY = 86_400_000

/** @param after ms */
export function run(client: IgwnAlertClient, after = DAY): Observable<string> {
  const alert$ = client.topic('superevent').pipe(parseJson(), share())
  const handled$ = alert$.pipe(handle(async ({ payload }) => JSON.stringify(payload)))
  const silence$ = alert$.pipe(
    detectSilence({ after }),
    filter(value => value instanceof Silence),
    map(({ since }) => `no alert since ${new Date(since).toISOString()}`),
  )
  return merge(handled$, silence$)
}

if (isMain(import.meta.url)) run(clientFromEnvironment()).subscribe({ next: console.log, error: console.error })
