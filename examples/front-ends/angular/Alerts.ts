import { Component } from '@angular/core'
import { toSignal } from '@angular/core/rxjs-interop'
import { catchError, map, of } from 'rxjs'
import { latest$ } from '../alerts.ts'

@Component({
  selector: 'app-alerts',
  template: `
    @if (state().error; as error) {
      <p role="alert">{{ error }}</p>
    } @else {
      <ul>
        @for (alert of state().alerts; track alert.partition + '/' + alert.offset) {
          <li>{{ alert.payload.alert_type }} {{ alert.payload.superevent_id }}</li>
        }
      </ul>
    }
  `,
})
export class Alerts {
  // An error that reaches toSignal is thrown in the template: it becomes a part of the state instead.
  readonly state = toSignal(
    latest$.pipe(
      map(alerts => ({ alerts, error: undefined })),
      catchError((error: unknown) => of({ alerts: [], error: String(error) })),
    ),
    { initialValue: { alerts: [], error: undefined } },
  )
}
