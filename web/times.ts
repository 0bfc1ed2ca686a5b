import { timeText } from '../src/words.ts'
import { h, setText } from './dom.ts'
import { ageInWords, utc } from './text.ts'

/** A time whose age is kept up to date by `tick`. */
export function age(time: number): HTMLTimeElement {
  return h('time', { datetime: timeText(time), title: utc(time) }, ageInWords(time, Date.now()))
}

/** A time in full, with its age. */
export const moment = (time: number): HTMLElement => h('span', {}, h('time', { datetime: timeText(time) }, utc(time)), ', ', age(time))

/** Brings every age up to date. */
export function tick(root: ParentNode): void {
  const now = Date.now()
  for (const element of root.querySelectorAll<HTMLTimeElement>('time[title]')) {
    const time = Date.parse(element.dateTime)
    if (!Number.isNaN(time)) setText(element, ageInWords(time, now))
  }
}
