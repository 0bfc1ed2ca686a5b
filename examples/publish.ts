// Every topic is a Subject: any Observable of alerts can be subscribed to it; `send` waits for the broker's word.
import { type IgwnAlertClient, outgoing } from 'igwn-alert-rx'
import { from } from 'rxjs'
import { clientFromEnvironment, isMain } from './environment.ts'

export async function run(client: IgwnAlertClient, say: (line: string) => void): Promise<void> {
  const sink = client.sink<{ superevent_id: string }>('superevent')
  const { partition, offset } = await sink.send(outgoing({ superevent_id: 'S250818ab' }, { key: 'S250818ab', test: true }))
  say(`stored at ${partition}:${offset}`)
  sink.subscribe(({ payload }) => say(`stored ${payload.superevent_id}`))
  from([{ superevent_id: 'S250818ac' }, { superevent_id: 'S250818ad' }]).subscribe(sink)
  await sink.done
}

if (isMain(import.meta.url)) {
  const client = clientFromEnvironment()
  await run(client, console.log)
  await client.close()
}
