import { AlertError } from '../errors.ts'
import type { AlertRecord } from '../record.ts'
import { type ReadJsonOptions, readJson } from './json.ts'

/**
 * A payload as hop's reader gives it: by the first `_format` header, compared without regard to case; without one, JSON if it is, else bytes.
 * A string stays a string, also one that holds JSON, unless `unwrap` says otherwise. A tombstone stays null.
 *
 * @throws AlertError ALERT_DECODE when the header says JSON and it is not
 */
export function decodePayload({ payload, format }: AlertRecord<unknown>, options: ReadJsonOptions = { unwrap: 0 }): unknown {
  if (!(payload instanceof Uint8Array)) return payload
  switch (format?.toLowerCase()) {
    case 'json':
      return readJson(payload, options)
    case undefined:
      return jsonOrBytes(payload, options)
    default:
      return payload
  }
}

function jsonOrBytes(bytes: Uint8Array, options: ReadJsonOptions): unknown {
  try {
    return readJson(bytes, options)
  } catch (error) {
    if (error instanceof AlertError && error.code === 'ALERT_TOO_LARGE') throw error
    return bytes
  }
}
