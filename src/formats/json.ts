import { AlertError } from '../errors.ts'
import { DEFAULT_LIMITS, type Limits } from '../limits.ts'
import { nestsDeeper } from './jsonDepth.ts'
import { parseExact } from './jsonParser.ts'
import { isPlain, stringifyExact } from './jsonWriter.ts'

/** How JSON is read. */
export interface ReadJsonOptions {
  /** Integers beyond ±(2^53 - 1) as bigints, exact; the others stay numbers. @default false: all are numbers, the large ones rounded */
  readonly bigints?: boolean | undefined
  /** How many layers of JSON in a JSON string are taken off, if an object or an array is inside. @default 3 */
  readonly unwrap?: number | undefined
  /** Bounds on the payload. @default DEFAULT_LIMITS */
  readonly limits?: Partial<Pick<Limits, 'jsonBytes' | 'jsonDepth'>> | undefined
}

/** One for all: making one costs more than decoding with it. A byte order mark stays, and is then no JSON: hop says the same. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()
const SLAB = 64 * 1024
/** What is free of the slab. */
let slab = new Uint8Array(SLAB)
/** Bytes of UTF-8 for one UTF-16 unit. */
const LONGEST_CHARACTER = 3

/** An integer without so many digits is exact as a number. */
const LONG_INTEGER = /\d{16}/
/** How JSON within a string begins; a string of a string of JSON is looked through. */
const LAYER = /^[{["]/

/**
 * A reader of JSON as hop writes it: UTF-8 without a byte order mark; Python's `NaN`, `Infinity` and `-Infinity` are read; of equal keys the
 * last wins; JSON in a JSON string is unwrapped where an object or an array is inside, any other string stays one.
 */
export function jsonReader(options: ReadJsonOptions = {}): (bytes: Uint8Array) => unknown {
  const { bigints = false, unwrap = 3, limits = {} } = options
  const { jsonBytes = DEFAULT_LIMITS.jsonBytes, jsonDepth = DEFAULT_LIMITS.jsonDepth } = limits
  const exact = { bigints, depth: jsonDepth }
  const parse = (text: string): unknown => {
    if ((!bigints || !LONG_INTEGER.test(text)) && !nestsDeeper(text, jsonDepth)) {
      try {
        return JSON.parse(text)
      } catch {
        // Python's numbers, or not JSON: the parser below reads the one and says where the other is wrong, or too deep.
      }
    }
    return parseExact(text, exact)
  }
  return bytes => {
    if (bytes.length > jsonBytes) {
      throw new AlertError('ALERT_TOO_LARGE', `${bytes.length} bytes of JSON, more than limits.jsonBytes, ${jsonBytes}`)
    }
    const value = parse(decode(bytes))
    return typeof value === 'string' ? unwrapped(value, unwrap, parse) : value
  }
}

/**
 * Reads one payload; see `jsonReader`, which is cheaper for many.
 *
 * @throws AlertError ALERT_DECODE with line and column, ALERT_TOO_LARGE
 */
export const readJson = (bytes: Uint8Array, options?: ReadJsonOptions): unknown => jsonReader(options)(bytes)

/**
 * Writes one payload as the Python peers do: compact UTF-8 JSON, bigints in full, `NaN` and `Infinity` as bare words (which every reader of
 * hop's JSON takes; `JSON.stringify` would write null in silence). Undefined fields of objects are left out. The bytes may be a view of a larger
 * buffer.
 *
 * @throws AlertError ALERT_UNWRITABLE for what JSON cannot say: undefined, functions, symbols, cycles, bytes, Maps and the like
 */
export function writeJson(value: unknown): Uint8Array {
  return encode(stringify(value))
}

/** Many small payloads share a slab: to allocate each by itself costs as much as to write it. */
function encode(text: string): Uint8Array {
  const most = text.length * LONGEST_CHARACTER
  if (most > SLAB / 4) return encoder.encode(text)
  if (most > slab.length) slab = new Uint8Array(SLAB)
  const { written } = encoder.encodeInto(text, slab)
  const bytes = slab.subarray(0, written)
  slab = slab.subarray(written)
  return bytes
}

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new AlertError('ALERT_DECODE', `not JSON: its ${bytes.length} bytes are not UTF-8 text`, { cause })
  }
}

/** What is inside the layers, if it is an object or an array; else the string as it is. */
function unwrapped(text: string, layers: number, parse: (text: string) => unknown): unknown {
  let inner: unknown = text
  for (let taken = 0; taken < layers && typeof inner === 'string' && LAYER.test(inner); taken++) {
    try {
      inner = parse(inner)
    } catch {
      return text
    }
  }
  return typeof inner === 'string' ? text : inner
}

function stringify(value: unknown): string {
  try {
    return isPlain(value) ? JSON.stringify(value) : stringifyExact(value)
  } catch (cause) {
    if (cause instanceof AlertError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new AlertError('ALERT_UNWRITABLE', `cannot be written as JSON: ${reason}`, { cause })
  }
}
