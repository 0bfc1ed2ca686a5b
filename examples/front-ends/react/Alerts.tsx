import { toStore } from 'igwn-alert-rx/browser'
import { useSyncExternalStore } from 'react'
import { latest$ } from '../alerts.ts'

const store = toStore(latest$, [])

export function Alerts() {
  const { value: alerts, error } = useSyncExternalStore(store.subscribe, store.getSnapshot)
  if (error) return <p role="alert">{String(error)}</p>
  return (
    <ul>
      {alerts.map(({ partition, offset, payload }) => (
        <li key={`${partition}/${offset}`}>
          {payload.alert_type} {payload.superevent_id}
        </li>
      ))}
    </ul>
  )
}
