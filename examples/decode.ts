// Alerts of any format: JSON, Avro, VOEvents, circulars, notices; what was too large for the broker is fetched from where hop put it.
import { decode, handle, type IgwnAlertClient } from 'igwn-alert-rx'
import type { Observable } from 'rxjs'
import { clientFromEnvironment, isMain } from './environment.ts'

export function run(client: IgwnAlertClient, say: (line: string) => void): Observable<void> {
  return client.topics().pipe(
    decode({ external: client.external() }),
    handle(async ({ topic, format = 'no format', payload }) => say(`${topic}, ${format}: ${shown(payload)}`)),
  )
}

const shown = (payload: unknown): string => JSON.stringify(payload, short)

/** A sky map would fill the screen. */
const short = (_name: string, value: unknown): unknown => (value instanceof Uint8Array ? `${value.length} bytes` : value)

if (isMain(import.meta.url)) run(clientFromEnvironment(), console.log).subscribe({ error: console.error })
