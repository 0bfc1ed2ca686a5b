// Topics are read side by side; here they are put in order of time again, at the price of two seconds.
import { handle, type IgwnAlertClient, orderByTime, parseJson } from 'igwn-alert-rx'
import type { Observable } from 'rxjs'
import { clientFromEnvironment, isMain } from './environment.ts'

export function run(client: IgwnAlertClient, say: (line: string) => void): Observable<void> {
  return client.topics(['cbc_gstlal', 'superevent']).pipe(
    orderByTime({ within: 2_000 }),
    parseJson(),
    handle(async ({ timestamp, topic, payload }) => say(`${new Date(timestamp).toISOString()} ${topic} ${JSON.stringify(payload)}`)),
  )
}

if (isMain(import.meta.url)) run(clientFromEnvironment(), console.log).subscribe({ error: console.error })
