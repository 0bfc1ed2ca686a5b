import { h, part, setText } from './dom.ts'
import { type Chapter, isRetracted, latestOf, type Superevent } from './model.ts'
import { badge, bars, markOf, rate } from './parts.ts'
import { bytesInWords } from './text.ts'
import { age, moment } from './times.ts'

/** What is known of the superevent that is open, and its alerts. */
export class Detail {
  readonly #element = part('detail', HTMLElement)
  readonly #title = part('detail-title', HTMLElement)
  readonly #body = part('detail-body', HTMLElement)
  readonly #close = part('detail-close', HTMLButtonElement)
  #id: string | undefined
  #shown: Superevent | undefined

  constructor(onClose: () => void) {
    this.#close.addEventListener('click', onClose)
  }

  /** @param superevent undefined: it is not known here */
  show(id: string | undefined, superevent: Superevent | undefined): void {
    const isOther = id !== this.#id
    this.#id = id
    this.#element.hidden = id === undefined
    document.body.classList.toggle('is-open', id !== undefined)
    if (id === undefined) return
    if (isOther) setText(this.#title, id)
    if (isOther || superevent !== this.#shown) {
      this.#body.replaceChildren(...(superevent ? content(superevent) : [h('p', {}, 'No alert of this superevent is known here.')]))
    }
    this.#shown = superevent
    if (isOther) this.#title.focus()
  }
}

const content = (superevent: Superevent): readonly HTMLElement[] => [
  summary(superevent),
  ...(isRetracted(superevent) ? [] : [...classification(superevent), ...skyMap(superevent)]),
  ...history(superevent),
]

function summary(superevent: Superevent): HTMLElement {
  const { facts, mark } = superevent
  const { far, significant, instruments, pipeline, eventTime, labels, coincidence, url } = facts
  const rows: readonly (readonly [string, Node | string | undefined])[] = [
    ['Latest alert', h('span', {}, badge(latestOf(superevent).type), ' ', age(latestOf(superevent).time), ' ', markOf(mark))],
    ['Event', eventTime === undefined ? undefined : moment(eventTime)],
    ['False alarms', far === undefined ? undefined : rate(far)],
    ['Significant', significant === undefined ? undefined : significant ? 'yes' : 'no'],
    ['Instruments', instruments.join(' ')],
    ['Search', pipeline],
    ['Coincidence', coincidence],
    ['Labels', labels.join(', ')],
    ['GraceDB', url && h('a', { href: url, rel: 'noopener noreferrer', target: '_blank' }, new URL(url).host)],
  ]
  const told = rows.filter(([, value]) => value !== undefined && value !== '')
  return h('dl', {}, ...told.flatMap(([name, value]) => [h('dt', {}, name), h('dd', { class: 'text' }, value)]))
}

function classification({ facts }: Superevent): readonly HTMLElement[] {
  return [
    ...(facts.classification.length > 0 ? [h('h3', {}, 'Source'), bars(facts.classification, 'Source')] : []),
    ...(facts.properties.length > 0 ? [h('h3', {}, 'Properties'), bars(facts.properties, 'Properties')] : []),
  ]
}

/** Its place: the map itself is not drawn yet. */
function skyMap({ facts, id }: Superevent): readonly HTMLElement[] {
  if (facts.skyMap === undefined) return []
  const size = bytesInWords(facts.skyMap)
  const frame = h('div', { class: 'sky', role: 'img', 'aria-label': `Place for the sky map of ${id}: ${size}, not drawn here` })
  return [h('h3', {}, 'Sky map'), h('figure', {}, frame, h('figcaption', {}, `${size}; not drawn here`))]
}

function history({ history, left }: Superevent): readonly HTMLElement[] {
  const older = left > 0 ? [h('p', { class: 'hint' }, `${left} older alerts are no longer kept in this page.`)] : []
  return [
    h('h3', {}, 'History'),
    h('ol', { class: 'history', role: 'list', 'aria-label': 'History, newest first' }, ...history.map(chapter)),
    ...older,
  ]
}

const chapter = ({ type, time, changes, place, alsoAt }: Chapter): HTMLElement =>
  h(
    'li',
    {},
    h('p', {}, badge(type), ' ', moment(time)),
    h('ul', {}, ...changes.map(change => h('li', { class: 'text' }, change))),
    h('p', { class: 'place text' }, [place, ...alsoAt].join(', ')),
  )
