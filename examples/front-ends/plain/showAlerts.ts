import { latest$ } from '../alerts.ts'

/** Shows alerts as they come; gives what ends that. */
export function showAlerts(section: HTMLElement): () => void {
  const list = section.querySelector('ul')!
  const problem = section.querySelector<HTMLElement>('[role=alert]')!
  problem.hidden = true
  const subscription = latest$.subscribe({
    next: alerts => list.replaceChildren(...alerts.map(({ payload }) => item(`${payload.alert_type} ${payload.superevent_id}`))),
    error: error => {
      problem.textContent = String(error)
      problem.hidden = false
    },
  })
  return () => subscription.unsubscribe()
}

function item(text: string): HTMLLIElement {
  const li = document.createElement('li')
  // Never innerHTML: the text comes from outside.
  li.textContent = text
  return li
}
