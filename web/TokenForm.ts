import { part, setText } from './dom.ts'

/** As an Authorization header takes it. */
const TOKEN = /^[\w\-.~+/]+=*$/
/** Bridges of one origin do not share it. */
const KEY = `igwn-alert-rx ${new URL('.', location.href).pathname}`

/** Asks for the token that a bridge wants. It is kept in memory; as long as the tab, if one says so. Never in the address. */
export class TokenForm {
  readonly #section = part('token', HTMLElement)
  readonly #why = part('token-why', HTMLElement)
  readonly #input = part('token-input', HTMLInputElement)
  readonly #remember = part('token-remember', HTMLInputElement)

  constructor(onToken: (token: string) => void) {
    part('token-form', HTMLFormElement).addEventListener('submit', event => {
      event.preventDefault()
      const token = this.#input.value.trim()
      if (!TOKEN.test(token)) {
        setText(this.#why, 'That is no token: letters, digits and -._~+/= are what one has.')
        this.#input.focus()
        return
      }
      this.#input.value = ''
      if (this.#remember.checked) sessionStorage.setItem(KEY, token)
      onToken(token)
    })
  }

  /** Of this tab, if it was to be kept. */
  get remembered(): string | undefined {
    return sessionStorage.getItem(KEY) ?? undefined
  }

  ask(why: string): void {
    // What does not count is not kept.
    sessionStorage.removeItem(KEY)
    setText(this.#why, why)
    if (!this.#section.hidden) return
    this.#section.hidden = false
    this.#input.focus()
  }

  hide(): void {
    this.#section.hidden = true
  }
}
