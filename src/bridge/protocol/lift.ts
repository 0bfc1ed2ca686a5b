import { AlertError } from '../../errors.ts'
import type { SpecialNumber } from './events.ts'
import { stepInto } from './pointer.ts'

/** Longer strings are lifted out, UTF-16 units: a sky map in base64 is a million. */
export const LONGEST_TEXT: number = 16 * 1024

/** Deeper nesting is not sent: whoever walks through it may run out of stack. */
const DEEPEST = 500

export interface Lifted {
  /** What JSON can say: null where something was lifted out. */
  readonly json: unknown
  /** By JSON pointer. */
  readonly blobs: ReadonlyMap<string, Uint8Array | string>
  readonly specials: ReadonlyMap<string, SpecialNumber>
}

/**
 * Takes bytes, long strings and numbers that JSON has no word for out of a decoded payload. What needs no change is not copied.
 *
 * @throws AlertError ALERT_DECODE for what is nested too deeply
 */
export function lift(payload: unknown): Lifted {
  const blobs = new Map<string, Uint8Array | string>()
  const specials = new Map<string, SpecialNumber>()
  let depth = 0
  const visit = (value: unknown, pointer: string): unknown => {
    if (typeof value === 'string' && value.length > LONGEST_TEXT) {
      blobs.set(pointer, value)
      return null
    }
    if (value instanceof Uint8Array) {
      blobs.set(pointer, value)
      return null
    }
    if (typeof value === 'number' && !Number.isFinite(value)) {
      specials.set(pointer, String(value) as SpecialNumber)
      return null
    }
    if (typeof value !== 'object' || value === null) return value
    if (++depth > DEEPEST) throw new AlertError('ALERT_DECODE', `nested deeper than ${DEEPEST}`)
    const visited = Array.isArray(value) ? visitArray(value, pointer) : visitObject(value, pointer)
    depth--
    return visited
  }
  const visitArray = (array: readonly unknown[], pointer: string): readonly unknown[] => {
    const visited = array.map((value, index) => visit(value, stepInto(pointer, index)))
    return visited.some((value, index) => value !== array[index]) ? visited : array
  }
  const visitObject = (object: object, pointer: string): object => {
    const entries = Object.entries(object)
    const visited = entries.map(([key, value]) => [key, visit(value, stepInto(pointer, key))] as const)
    return visited.some(([, value], index) => value !== entries[index]?.[1]) ? Object.fromEntries(visited) : object
  }
  return { json: visit(payload, ''), blobs, specials }
}
