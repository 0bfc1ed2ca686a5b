// The public alerts of SCiMMA and GCN as one stream: each alert once, whichever brings it first. One of the two may be away, or refuse us.
import { alertKey, type ClientOptions, decode, dedupe, gcn, handle, IgwnAlertClient, mapPayload, scimma } from 'igwn-alert-rx'
import { merge, type Observable } from 'rxjs'
import { isMain } from './environment.ts'

interface Alert {
  readonly superevent_id: string
  readonly alert_type: string
}

/** A server that fails is tried again every minute, for ever, and the other one goes on. */
const patient = { retryOnFatal: true, listenRetries: Number.POSITIVE_INFINITY, retryWait: 60_000 } satisfies ClientOptions

/** SCiMMA sends an array of one alert, GCN the alert. */
const alertOf = (payload: Alert | readonly [Alert]): Alert => ('superevent_id' in payload ? payload : payload[0])

export function run(clients: readonly IgwnAlertClient[], page: (alert: Alert, server: string) => Promise<void>): Observable<void> {
  return merge(...clients.map(client => client.topic('igwn.gwalert'))).pipe(
    decode<Alert | readonly [Alert]>(),
    mapPayload(alertOf),
    dedupe({ key: alertKey }),
    handle(({ payload, server }) => page(payload, server)),
  )
}

/** GCN only where its credential is given. */
function clientsFromEnvironment(): IgwnAlertClient[] {
  const { GCN_CLIENT_ID: clientId, GCN_CLIENT_SECRET: clientSecret } = process.env
  const hasGcn = clientId !== undefined && clientSecret !== undefined
  return [
    new IgwnAlertClient(scimma({ group: null, ...patient })),
    ...(hasGcn ? [new IgwnAlertClient(gcn({ clientId, clientSecret, ...patient }))] : []),
  ]
}

if (isMain(import.meta.url)) {
  const page = async (alert: Alert, server: string) => console.log('page for', alert, 'of', server)
  run(clientsFromEnvironment(), page).subscribe({ error: console.error })
}
