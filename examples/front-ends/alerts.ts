import { type BridgeRecord, fromBridge } from 'igwn-alert-rx/browser'
import { type Observable, scan } from 'rxjs'

export interface Alert {
  readonly superevent_id: string
  readonly alert_type: string
}

type Alerts = readonly BridgeRecord<Alert>[]

/** The newest alerts, newest first. It connects when somebody listens, and disconnects when nobody does. */
export const latest$: Observable<Alerts> = fromBridge<Alert>('/alerts', { topics: ['superevent'] }).pipe(
  scan((alerts: Alerts, alert) => [alert, ...alerts].slice(0, 20), []),
)
