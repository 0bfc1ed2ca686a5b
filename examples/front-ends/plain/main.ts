import { showAlerts } from './showAlerts.ts'

const button = document.querySelector('button')!
const section = document.querySelector('section')!

let hide: (() => void) | undefined
function toggle(): void {
  if (hide) hide()
  hide = hide ? undefined : showAlerts(section)
  section.hidden = !hide
  button.textContent = hide ? 'Hide' : 'Show'
}
button.addEventListener('click', toggle)
toggle()
