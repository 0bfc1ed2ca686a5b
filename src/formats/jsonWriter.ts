import { AlertError } from '../errors.ts'

/** Deeper nesting goes the careful way, which tells a cycle from depth. */
const DEEP = 200

/** Whether `JSON.stringify` writes it without a loss. */
export function isPlain(value: unknown, depth = 0): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true
    case 'number':
      return Number.isFinite(value)
    case 'object':
      return value === null || (depth < DEEP && (Array.isArray(value) ? isPlainArray(value, depth) : isPlainObject(value, depth)))
    default:
      return false
  }
}

function isPlainArray(array: readonly unknown[], depth: number): boolean {
  for (const value of array) if (!isPlain(value, depth + 1)) return false
  return true
}

function isPlainObject(object: object, depth: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(object)
  if (prototype !== Object.prototype && prototype !== null) return false
  const fields = object as Readonly<Record<string, unknown>>
  // Of a plain object these are its own fields; cheaper than an array of them.
  for (const key in fields) {
    const value = fields[key]
    if (value !== undefined && !isPlain(value, depth + 1)) return false
  }
  return true
}

/**
 * The careful way: numbers as Python writes them (bigints in full, `NaN`, `Infinity`), else as `JSON.stringify`; what that would drop in
 * silence is an error.
 *
 * @throws AlertError ALERT_UNWRITABLE
 */
export function stringifyExact(value: unknown): string {
  return new ExactWriter().write('payload', value)
}

class ExactWriter {
  /** What is being written, outermost first: a value that is one of these closes a cycle. */
  readonly #open: { readonly name: string; readonly value: object }[] = []

  write(name: string, value: unknown): string {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return JSON.stringify(value)
      case 'number':
      case 'bigint':
        return String(value)
      case 'object':
        return value === null ? 'null' : this.#object(name, value)
      default:
        throw this.#unwritable(name, describe(value), value === undefined ? 'Send null where there is nothing to say' : undefined)
    }
  }

  #object(name: string, value: object): string {
    if (hasToJson(value)) {
      const stand: unknown = value.toJSON(name)
      if (stand !== value) return this.write(name, stand)
    }
    if (!Array.isArray(value) && tagOf(value) !== 'Object') {
      throw this.#unwritable(name, describe(value), ArrayBuffer.isView(value) ? 'Write bytes as base64 text' : undefined)
    }
    const seen = this.#open.findIndex(open => open.value === value)
    if (seen >= 0) throw this.#unwritable(name, `${this.#path(seen + 1)} again, a cycle`)
    this.#open.push({ name, value })
    const text = Array.isArray(value) ? this.#array(value) : this.#fields(value)
    this.#open.pop()
    return text
  }

  #array(array: readonly unknown[]): string {
    return `[${Array.from(array, (value, index) => this.write(`[${index}]`, value)).join(',')}]`
  }

  #fields(object: object): string {
    const fields: string[] = []
    for (const [key, value] of Object.entries(object)) {
      if (value !== undefined) fields.push(`${JSON.stringify(key)}:${this.write(`.${key}`, value)}`)
    }
    return `{${fields.join(',')}}`
  }

  #path(length: number): string {
    return this.#open
      .slice(0, length)
      .map(({ name }) => name)
      .join('')
  }

  #unwritable(name: string, what: string, mend?: string): AlertError {
    return new AlertError('ALERT_UNWRITABLE', `cannot be written as JSON: ${this.#path(this.#open.length)}${name} is ${what}`, { mend })
  }
}

const hasToJson = (value: object): value is { toJSON(key: string): unknown } => 'toJSON' in value && typeof value.toJSON === 'function'

/** `Map`, `Uint8Array`, ...; `Object` for plain objects and instances of most classes. */
const tagOf = (value: object): string => Object.prototype.toString.call(value).slice('[object '.length, -1)

function describe(value: unknown): string {
  if (value === undefined) return 'undefined'
  if (typeof value === 'object' && value !== null) return `a ${tagOf(value)}`
  return `a ${typeof value}`
}
