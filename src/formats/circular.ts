import { AlertError, type AlertErrorCode } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { readJson, writeJson } from './json.ts'
import { type Fields, isFields } from './objects.ts'
import { quoted } from './text.ts'

/** A GCN circular. */
export interface GcnCircular {
  /** By name, in lower case: `title`, `number`, `subject`, `date`, `from`. */
  readonly header: Readonly<Record<string, string>>
  readonly body: string
}

/** @throws AlertError ALERT_DECODE, ALERT_TOO_LARGE */
export function readCircular(bytes: Uint8Array, limits?: Partial<Pick<Limits, 'jsonBytes' | 'jsonDepth'>>): GcnCircular {
  return circularOf(readJson(bytes, { unwrap: 0, limits }))
}

/** @throws AlertError ALERT_UNWRITABLE for what is not exactly a header, of text, and a body */
export function writeCircular(payload: unknown): Uint8Array {
  return writeJson(circularOf(payload, 'ALERT_UNWRITABLE'))
}

/** @throws AlertError unless it has exactly a header, of text, and a body: hop reads no other */
export function circularOf(value: unknown, code: AlertErrorCode = 'ALERT_DECODE'): GcnCircular {
  const wrong = faultOf(value)
  if (wrong === undefined) return value as GcnCircular
  throw new AlertError(code, `not a circular: ${wrong}`, { mend: "It is { header: { title: '...' }, body: '...' }" })
}

function faultOf(value: unknown): string | undefined {
  if (!isFields(value)) return 'it has no fields'
  const { header, body, ...others }: Fields = value
  const [other] = Object.keys(others)
  if (other !== undefined) return `it has ${quoted(other)}, expected header and body only`
  if (typeof body !== 'string') return 'its body is no text'
  if (!isFields(header)) return 'its header has no fields'
  const [name] = Object.entries(header).find(([, field]) => typeof field !== 'string') ?? []
  return name === undefined ? undefined : `its header's ${quoted(name)} is no text`
}
