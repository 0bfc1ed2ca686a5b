import { h, part } from './dom.ts'
import { ALL, CHOICES, type Filters, RARITIES } from './filters.ts'

const LABELS: Readonly<Record<string, string>> = { EARLYWARNING: 'early warning' }

/** The filters, as the address says them. */
export class FilterForm {
  readonly #form = part('filters', HTMLFormElement)
  readonly #text = part('filter-text', HTMLInputElement)
  readonly #far = part('filter-far', HTMLSelectElement)
  readonly #hideRetracted = part('filter-retracted', HTMLInputElement)
  readonly #hideTests = part('filter-tests', HTMLInputElement)
  readonly #types: readonly HTMLInputElement[]

  constructor(onChange: (filters: Filters) => void) {
    this.#far.append(...RARITIES.map(({ name, label }) => h('option', { value: name }, `at most 1 ${label}`)))
    this.#types = CHOICES.map(type => h('input', { type: 'checkbox', name: 'type', value: type }))
    part('filter-types', HTMLElement).append(
      ...this.#types.map(box => h('label', { class: 'choice', 'data-type': box.value }, box, LABELS[box.value] ?? box.value.toLowerCase())),
    )
    this.#form.addEventListener('input', () => onChange(this.#read()))
    this.#form.addEventListener('submit', event => event.preventDefault())
    // Where there is little room they begin folded up.
    part('filter-box', HTMLDetailsElement).open = matchMedia('(min-width: 40rem)').matches
    part('filter-all', HTMLButtonElement).addEventListener('click', () => onChange(ALL))
  }

  show({ types, far, text, retracted, tests }: Filters): void {
    for (const box of this.#types) box.checked = types.includes(box.value)
    this.#far.value = far
    // While one is typing it is so already.
    if (this.#text.value !== text) this.#text.value = text
    this.#hideRetracted.checked = !retracted
    this.#hideTests.checked = !tests
  }

  #read(): Filters {
    return {
      types: this.#types.filter(({ checked }) => checked).map(({ value }) => value),
      far: this.#far.value,
      text: this.#text.value,
      retracted: !this.#hideRetracted.checked,
      tests: !this.#hideTests.checked,
    }
  }
}
