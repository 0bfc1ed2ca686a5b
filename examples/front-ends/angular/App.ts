import { Component, signal } from '@angular/core'
import { Alerts } from './Alerts.ts'

@Component({
  selector: 'app-root',
  imports: [Alerts],
  template: `
    <button type="button" (click)="isShown.set(!isShown())">{{ isShown() ? 'Hide' : 'Show' }}</button>
    @if (isShown()) {
      <app-alerts />
    }
  `,
})
export class App {
  readonly isShown = signal(true)
}
