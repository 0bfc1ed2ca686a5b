/** Longer keys are cut: they are somebody else's. */
const MOST_SHOWN = 60

/** One step into a value, as JavaScript writes it: `[3]`, `.event`, `["a b"]`. */
export function step(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`
  return /^[A-Za-z_$][\w$]*$/.test(key) && key.length <= MOST_SHOWN ? `.${key}` : `[${shownText(key)}]`
}

/** Text of unknown length and content, as an error shows it. */
export const shownText = (text: string): string =>
  text.length <= MOST_SHOWN ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, MOST_SHOWN))}...`

/** Where in nested values one is; written down as text for an error only, for it changes with every value. */
export class Place {
  readonly #steps: (string | number | undefined)[] = []

  /** Into an array, a map or a record, before its first value. */
  enter(): void {
    this.#steps.push(undefined)
  }

  /** At one of its values. */
  at(key: string | number): void {
    this.#steps[this.#steps.length - 1] = key
  }

  leave(): void {
    this.#steps.pop()
  }

  /** Such as `[0].event.far`; empty outside of all values. */
  toString(): string {
    return this.#steps.map(key => (key === undefined ? '' : step(key))).join('')
  }
}
