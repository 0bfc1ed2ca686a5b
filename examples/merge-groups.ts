// Two groups of topics as one stream; each record says where it came from.
import { handle, type IgwnAlertClient, parseJson, retryOnFatal } from 'igwn-alert-rx'
import { merge, type Observable } from 'rxjs'
import { clientFromEnvironment, isMain } from './environment.ts'

export function run(client: IgwnAlertClient, say: (line: string) => void): Observable<void> {
  return merge(client.topic('superevent', { group: 'gracedb' }), client.topic('superevent', { group: 'gracedb-playground' })).pipe(
    parseJson(),
    handle(async ({ group, payload }) => say(`${group}: ${JSON.stringify(payload)}`)),
    retryOnFatal(),
  )
}

if (isMain(import.meta.url)) run(clientFromEnvironment(), console.log).subscribe({ error: console.error })
