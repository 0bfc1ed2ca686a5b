// The same as a loop: the next alert is asked for when this one is done.
import { type IgwnAlertClient, parseJson } from 'igwn-alert-rx'
import { clientFromEnvironment, isMain } from './environment.ts'

export async function run(client: IgwnAlertClient, say: (line: string) => void): Promise<void> {
  for await (const { topic, payload } of client.topics(['superevent', 'cbc_gstlal']).pipe(parseJson()))
    say(`${topic}: ${JSON.stringify(payload)}`)
}

if (isMain(import.meta.url)) await run(clientFromEnvironment(), console.log)
