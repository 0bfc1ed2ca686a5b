import { farInWords } from '../src/words.ts'
import { type Alert, type Share, TYPES } from './alert.ts'
import { h } from './dom.ts'
import { percent } from './text.ts'

const isKnown = (type: string): boolean => (TYPES as readonly string[]).includes(type)

/** The type of an alert, as a badge. */
export const badge = (type: string): HTMLElement => h('span', { class: 'badge text', 'data-type': isKnown(type) ? type : 'other' }, type)

const MARKS = { test: 'a test message', mock: 'a mock event' } as const

/** Says that it is no real event. */
export const markOf = (mark: Alert['mark']): HTMLElement | undefined => mark && h('span', { class: 'mark', title: MARKS[mark] }, mark)

/** Probabilities, each with its name, a bar and a number. */
export function bars(shares: readonly Share[], label: string): HTMLElement {
  return h('ul', { class: 'bars', role: 'list', 'aria-label': label }, ...shares.map(bar))
}

function bar([name, share]: Share): HTMLElement {
  const fill = h('span', { class: 'fill' })
  fill.style.inlineSize = `${share * 100}%`
  return h(
    'li',
    { 'data-kind': name },
    h('span', { class: 'name text' }, name),
    ' ',
    h('span', { class: 'bar', 'aria-hidden': 'true' }, fill),
    h('span', { class: 'number' }, percent(share)),
  )
}

/** A rate in words; its number where the mouse is. */
export const rate = (far: number | undefined): HTMLElement =>
  far === undefined ? nothing() : h('span', { title: `${far} Hz` }, farInWords(far) ?? `${far} Hz`)

/** There is no value. */
export const nothing = (): HTMLElement =>
  h('span', { class: 'nothing' }, h('span', { 'aria-hidden': 'true' }, '–'), h('span', { class: 'unseen' }, 'not said'))
