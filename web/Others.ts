import { h, part, setText } from './dom.ts'
import { KEPT, type Other } from './model.ts'
import { age } from './times.ts'

/** Messages that are no alert that is known, as plain rows. */
export class Others {
  readonly #section = part('others', HTMLElement)
  readonly #list = part('other-rows', HTMLOListElement)
  readonly #count = part('other-count', HTMLElement)
  #shown: readonly Other[] = []

  show(others: readonly Other[]): void {
    if (others === this.#shown) return
    this.#section.hidden = others.length === 0
    setText(this.#count, others.length < KEPT.others ? String(others.length) : `the newest ${KEPT.others}`)
    const known = this.#shown[0] ? others.indexOf(this.#shown[0]) : -1
    const fresh = (known < 0 ? others : others.slice(0, known)).map(row)
    if (known < 0) this.#list.replaceChildren(...fresh)
    else this.#list.prepend(...fresh)
    while (this.#list.children.length > others.length) this.#list.lastElementChild?.remove()
    this.#shown = others
  }
}

const row = ({ place, published, text }: Other): HTMLElement =>
  h('li', {}, age(published), ' ', h('span', { class: 'place text' }, place), ' ', h('span', { class: 'text' }, text))
