import { fromBase64 } from '../../base64.ts'
import type { WireRecord } from './events.ts'
import { keysOf } from './pointer.ts'

/** The payload of a record as it was sent: bytes again, and NaN where JSON had no word for it. What was lifted out stays null. */
export function restore({ payload, encoding, specials = {} }: WireRecord): unknown {
  if (encoding === 'base64' && typeof payload === 'string') return fromBase64(payload)
  return Object.entries(specials).reduce((whole, [pointer, text]) => withNumber(whole, keysOf(pointer), Number(text)), payload)
}

/** Sets a number that is inside of freshly parsed JSON; a pointer to nowhere is left alone. */
function withNumber(payload: unknown, keys: readonly string[], value: number): unknown {
  const last = keys.at(-1)
  if (last === undefined) return value
  const inner = keys.slice(0, -1).reduce<unknown>((at, key) => (isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined), payload)
  if (isObject(inner) && Object.hasOwn(inner, last)) inner[last] = value
  return payload
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
