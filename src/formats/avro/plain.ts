import { AlertError } from '../../errors.ts'
import { DEFAULT_LIMITS } from '../../limits.ts'
import { step } from './place.ts'

/** What Avro can say, of any value: no cycle in it, nothing undefined. */
export type Plain = null | boolean | number | bigint | string | Uint8Array | readonly Plain[] | ReadonlyMap<string, Plain>

const LONE_SURROGATE = /\p{Surrogate}/u

/**
 * A value as `JSON.stringify` takes it, but for bytes and bigints, which stay: `toJSON` is called, undefined fields of objects are left out.
 *
 * @throws AlertError ALERT_UNWRITABLE for what is undefined elsewhere, functions, symbols, cycles, Maps and the like
 */
export function toPlain(value: unknown): Plain {
  try {
    return new Flattener().plain('payload', value)
  } catch (cause) {
    if (cause instanceof AlertError) throw cause
    throw new AlertError('ALERT_UNWRITABLE', `cannot be written as Avro: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    })
  }
}

/** Whether a long says all of it: not of -0, nor of what is rounded already. */
export const isWhole = (value: number): boolean => Number.isSafeInteger(value) && !Object.is(value, -0)

/** The error for a value at a place. */
export const unwritable = (path: string, what: string, mend?: string): AlertError =>
  new AlertError('ALERT_UNWRITABLE', `cannot be written as Avro: ${path} ${what}`, { mend })

class Flattener {
  /** The objects around the value, with their paths: one that comes again closes a cycle. */
  readonly #open = new Map<object, string>()

  plain(path: string, value: unknown): Plain {
    switch (typeof value) {
      case 'boolean':
      case 'number':
      case 'bigint':
        return value
      case 'string':
        return wellFormed(path, value)
      case 'object':
        return value === null || value instanceof Uint8Array ? value : this.#object(path, value)
      default:
        throw unwritable(path, value === undefined ? 'is undefined' : `is a ${typeof value}`, value === undefined ? SEND_NULL : undefined)
    }
  }

  #object(path: string, value: object): Plain {
    if ('toJSON' in value && typeof value.toJSON === 'function') {
      const stand: unknown = value.toJSON()
      if (stand !== value) return this.plain(path, stand)
    }
    const tag = Object.prototype.toString.call(value).slice('[object '.length, -1)
    if (!Array.isArray(value) && tag !== 'Object') {
      throw unwritable(path, `is a ${tag}`, isBinary(value) ? 'Write bytes as a Uint8Array' : undefined)
    }
    const before = this.#open.get(value)
    if (before !== undefined) throw unwritable(path, `is ${before} again, a cycle`)
    if (this.#open.size >= DEFAULT_LIMITS.avroDepth) throw unwritable(path, `is deeper than ${DEFAULT_LIMITS.avroDepth} arrays and objects`)
    this.#open.set(value, path)
    const plain = Array.isArray(value) ? this.#array(path, value) : this.#fields(path, value)
    this.#open.delete(value)
    return plain
  }

  #array(path: string, array: readonly unknown[]): Plain {
    return Array.from(array, (value, index) => this.plain(path + step(index), value))
  }

  #fields(path: string, object: object): Plain {
    const fields = new Map<string, Plain>()
    for (const [key, value] of Object.entries(object)) {
      if (value !== undefined) fields.set(wellFormed(path, key), this.plain(path + step(key), value))
    }
    return fields
  }
}

const SEND_NULL = 'Send null where there is nothing to say'

const isBinary = (value: object): boolean => ArrayBuffer.isView(value) || value instanceof ArrayBuffer

/** Half of a surrogate pair is no character: UTF-8 could only say another in its place. */
function wellFormed(path: string, text: string): string {
  if (LONE_SURROGATE.test(text)) throw unwritable(path, 'has half of a surrogate pair in its text, which UTF-8 cannot say')
  return text
}
