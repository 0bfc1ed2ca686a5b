// Across restarts: the position is kept in a file. The first start begins with what comes from now on, each later one where all was handled.
import { Checkpoint, fileStore, handle, type IgwnAlertClient, parseJson, retryOnFatal } from 'igwn-alert-rx'
import type { Observable } from 'rxjs'
import { clientFromEnvironment, isMain } from './environment.ts'

interface Alert {
  readonly superevent_id: string
  readonly alert_type: string
}

export function run(client: IgwnAlertClient, file: string, page: (alert: Alert) => Promise<void>): Observable<void> {
  return client.topic('superevent', { from: new Checkpoint('latest', fileStore(file)) }).pipe(
    parseJson<Alert>(),
    handle(({ payload }) => page(payload)),
    retryOnFatal(),
  )
}

if (isMain(import.meta.url)) {
  const { CHECKPOINT = 'superevent.checkpoint' } = process.env
  run(clientFromEnvironment(), CHECKPOINT, async alert => console.log('page for', alert)).subscribe({ error: console.error })
}
