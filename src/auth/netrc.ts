import { ConfigError } from '../errors.ts'

/** What a netrc holds of one machine; '' where it says nothing. */
export interface NetrcEntry {
  readonly login: string
  readonly account: string
  readonly password: string
}

/** The name under which `default` is kept. */
export const DEFAULT_MACHINE = 'default'

const BEGINNINGS: readonly string[] = ['', 'machine', 'default', 'macdef']

/**
 * The machines in the text of a netrc, read as Python's `netrc` reads it: words between white space; "..." is one word; a backslash takes the
 * next character as it is; a word that begins with # begins a comment; the last of two entries for one machine counts. Macros are passed over.
 *
 * @param file its name in errors, which never quote the text: it holds passwords
 */
export function parseNetrc(text: string, file: string): ReadonlyMap<string, NetrcEntry> {
  const words = new Words(text)
  const machines = new Map<string, NetrcEntry>()
  for (let word = words.next(); word !== ''; word = words.next()) {
    if (word.startsWith('#')) {
      // As Python: '#' alone comments out its line, '#word' itself only.
      if (word === '#') words.skipLine()
      continue
    }
    if (word === 'macdef') {
      words.next()
      if (!words.skipMacro()) throw fault(file, words, 'a macro (macdef) without the empty line that ends it')
      continue
    }
    if (word !== 'machine' && word !== 'default') {
      throw fault(file, words, "'machine', 'default' or 'macdef' is expected", "A comment begins with '# ', with the space")
    }
    const name = word === 'default' ? DEFAULT_MACHINE : words.next()
    if (name === '') throw fault(file, words, "'machine' without a name")
    machines.set(name, entryOf(words, file))
  }
  return machines
}

function entryOf(words: Words, file: string): NetrcEntry {
  const entry = { login: '', account: '', password: '' }
  for (;;) {
    const word = words.next()
    if (BEGINNINGS.includes(word)) {
      words.putBack(word)
      return entry
    }
    if (word.startsWith('#')) words.skipLine()
    else if (word === 'login' || word === 'user') entry.login = words.next()
    else if (word === 'account') entry.account = words.next()
    else if (word === 'password') entry.password = words.next()
    else
      throw fault(
        file,
        words,
        "'login', 'password', 'account' or the next 'machine' is expected",
        'Put a password with spaces or quotes in it in "..."',
      )
  }
}

const fault = (file: string, { line }: Words, what: string, mend?: string): ConfigError =>
  new ConfigError(`${file}: line ${line}: ${what}`, { mend })

const WHITE = ' \t\n'

/** Python's `_netrclex`. */
class Words {
  readonly #text: string
  #at = 0
  #begin = 0
  /** The last call of `next` passed over the end of a line: what follows belongs to another one. */
  #crossed = false
  #putBack: string | undefined

  constructor(text: string) {
    this.#text = text.replace(/\r\n?/g, '\n')
  }

  /** Of the last word. */
  get line(): number {
    return this.#text.slice(0, this.#begin).split('\n').length
  }

  /** '' at the end, or for "". */
  next(): string {
    const before = this.#putBack
    this.#putBack = undefined
    this.#crossed = false
    if (before !== undefined) return before
    while (this.#at < this.#text.length && WHITE.includes(this.#text[this.#at]!)) this.#take()
    this.#begin = this.#at
    if (this.#text[this.#at] !== '"') return this.#until(WHITE)
    this.#take()
    return this.#until('"')
  }

  putBack(word: string): void {
    this.#putBack = word
  }

  /** The rest of the line of the last word; nothing where that is passed already. */
  skipLine(): void {
    if (!this.#crossed) this.#readLine()
  }

  /** False: the text ends before the macro does. */
  skipMacro(): boolean {
    for (;;) {
      const line = this.#readLine()
      if (line === '\n') return true
      if (line === '') return false
    }
  }

  #until(ends: string): string {
    let word = ''
    while (this.#at < this.#text.length) {
      const char = this.#take()
      if (ends.includes(char)) break
      word += char === '\\' ? this.#take() : char
    }
    return word
  }

  #take(): string {
    const char = this.#text[this.#at] ?? ''
    this.#at++
    if (char === '\n') this.#crossed = true
    return char
  }

  #readLine(): string {
    const end = this.#text.indexOf('\n', this.#at)
    const line = this.#text.slice(this.#at, end < 0 ? undefined : end + 1)
    this.#at += line.length
    return line
  }
}
