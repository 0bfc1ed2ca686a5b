// The seed's way: a callback for each alert, one after the other.
import type { IgwnAlertClient, ListenHandle } from 'igwn-alert-rx'
import { clientFromEnvironment, isMain } from './environment.ts'

export function run(client: IgwnAlertClient, say: (line: string) => void): ListenHandle {
  return client.listen((topic, payload) => say(`${topic}: ${JSON.stringify(payload)}`), ['superevent'])
}

if (isMain(import.meta.url)) await run(clientFromEnvironment(), console.log).done
