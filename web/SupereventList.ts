import { h, part, setAttribute } from './dom.ts'
import { isRetracted, latestOf, type Superevent } from './model.ts'
import { badge, bars, markOf, nothing, rate } from './parts.ts'
import { age } from './times.ts'

interface Row {
  readonly element: HTMLTableRowElement
  readonly link: HTMLAnchorElement
  shown: Superevent
}

/** Rows are made for so long in one go, ms: then others have their turn. */
const TURN = 12

const COLUMNS = ['id', 'type', 'source', 'far', 'instruments', 'age'] as const

/**
 * The table of superevents. One of its links is reached by Tab, the others from there by the arrow keys: between filters and what follows
 * there are not 500 stops.
 */
export class SupereventList {
  readonly #body = part('rows', HTMLTableSectionElement)
  readonly #rows = new Map<string, Row>()
  readonly #hrefOf: (id: string) => string
  /** Of the row that Tab reaches. */
  #current: string | undefined

  /** @param hrefOf the address at which a superevent is open */
  constructor(hrefOf: (id: string) => string) {
    this.#hrefOf = hrefOf
    this.#body.addEventListener('keydown', event => this.#move(event))
    this.#body.addEventListener('focusin', ({ target }) => {
      const id = target instanceof HTMLElement ? target.closest('tr')?.dataset['id'] : undefined
      if (id !== undefined) this.#makeCurrent(id)
    })
  }

  /** @param open the one whose history is shown @returns whether all are there; else it is to be called again */
  show(superevents: readonly Superevent[], open: string | undefined): boolean {
    const end = performance.now() + TURN
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement.closest('tr')?.dataset['id'] : undefined
    const ids = new Set(superevents.map(({ id }) => id))
    for (const [id, { element }] of this.#rows) {
      if (ids.has(id)) continue
      element.remove()
      this.#rows.delete(id)
    }
    let next = this.#body.firstElementChild
    let shown = 0
    for (const superevent of superevents) {
      if (performance.now() > end) break
      shown++
      const { element, link } = this.#rowOf(superevent)
      setAttribute(link, 'href', this.#hrefOf(superevent.id))
      setAttribute(link, 'aria-current', String(superevent.id === open))
      if (element === next) next = element.nextElementSibling
      else this.#body.insertBefore(element, next)
    }
    this.#makeCurrent(this.#current !== undefined && ids.has(this.#current) ? this.#current : superevents[0]?.id)
    // A row that moves, or goes, loses the focus.
    if (focused !== undefined && document.activeElement === document.body) this.focus(focused)
    return shown === superevents.length
  }

  /** @param id the first one, if it is not there */
  focus(id: string): void {
    const row = this.#rows.get(id) ?? (this.#current === undefined ? undefined : this.#rows.get(this.#current))
    row?.link.focus({ preventScroll: true })
  }

  #rowOf(superevent: Superevent): Row {
    const known = this.#rows.get(superevent.id)
    if (known?.shown === superevent) return known
    const row = known ?? newRow(superevent)
    row.element.replaceChildren(...cells(superevent, row.link))
    row.element.classList.toggle('retracted', isRetracted(superevent))
    row.shown = superevent
    this.#rows.set(superevent.id, row)
    return row
  }

  #makeCurrent(id: string | undefined): void {
    if (this.#current !== undefined && this.#current !== id) this.#rows.get(this.#current)?.link.setAttribute('tabindex', '-1')
    this.#current = id
    if (id !== undefined) this.#rows.get(id)?.link.setAttribute('tabindex', '0')
  }

  #move(event: KeyboardEvent): void {
    const row = event.target instanceof HTMLElement ? event.target.closest('tr') : null
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return
    const to = {
      ArrowDown: row.nextElementSibling,
      ArrowUp: row.previousElementSibling,
      Home: this.#body.firstElementChild,
      End: this.#body.lastElementChild,
    }[event.key]
    if (to === undefined) return
    event.preventDefault()
    to?.querySelector('a')?.focus()
  }
}

function newRow(superevent: Superevent): Row {
  const link = h('a', { class: 'text', tabindex: '-1' }, superevent.id)
  // Whatever the style makes of the table, it stays one.
  return { element: h('tr', { role: 'row', 'data-id': superevent.id }), link, shown: superevent }
}

function cells(superevent: Superevent, link: HTMLElement): readonly HTMLElement[] {
  const { facts, mark, id } = superevent
  const latest = latestOf(superevent)
  const { classification, instruments } = facts
  const inside: Readonly<Record<(typeof COLUMNS)[number], readonly (Node | undefined)[]>> = isRetracted(superevent)
    ? {
        id: [link, markOf(mark)],
        type: [badge(latest.type)],
        source: [h('span', { class: 'withdrawn' }, 'withdrawn: not an astrophysical event')],
        far: [],
        instruments: [],
        age: [age(latest.time)],
      }
    : {
        id: [link, markOf(mark)],
        type: [badge(latest.type)],
        source: [classification.length > 0 ? bars(classification, `Classification of ${id}`) : nothing()],
        far: [rate(facts.far)],
        instruments: [instruments.length > 0 ? h('span', { class: 'text' }, instruments.join(' ')) : nothing()],
        age: [age(latest.time)],
      }
  return COLUMNS.map(name =>
    h(
      name === 'id' ? 'th' : 'td',
      name === 'id' ? { role: 'rowheader', scope: 'row', class: name } : { role: 'cell', class: name },
      ...inside[name],
    ),
  )
}
