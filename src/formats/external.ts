import { AlertError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { readJson } from './json.ts'
import { isFields } from './objects.ts'

/** Stands for a message that was too large for the broker: says where hop has put it. */
export class ExternalReference {
  readonly url: string

  constructor(url: string) {
    this.url = url
  }
}

/** @throws AlertError ALERT_DECODE, ALERT_TOO_LARGE */
export function readExternal(bytes: Uint8Array, limits?: Partial<Pick<Limits, 'jsonBytes' | 'jsonDepth'>>): ExternalReference {
  return externalOf(readJson(bytes, { unwrap: 0, limits }))
}

/** @throws AlertError ALERT_DECODE unless it has exactly a url */
export function externalOf(value: unknown): ExternalReference {
  if (isFields(value) && Object.keys(value).length === 1 && typeof value['url'] === 'string') return new ExternalReference(value['url'])
  throw new AlertError('ALERT_DECODE', "not a reference to a message elsewhere: expected { url: '...' } and no more")
}
