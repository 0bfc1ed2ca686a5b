import type { Observable, Subscriber } from 'rxjs'
import { DecodeError, toAlertError } from '../errors.ts'
import { type AlertRecord, Delivery, placeOf, type With } from '../record.ts'
import type { Kept } from './kept.ts'
import { drop, withPayload } from './records.ts'

/**
 * What becomes of a record that cannot be decoded. skip: it is reported (`record.fail()`) and left out. keep: it goes on with a payload that
 * says so, see {@link Decoded}. error: the stream ends, and the record comes again.
 */
export type OnDecodeError = 'skip' | 'keep' | 'error'

/** The payload below `onDecodeError: 'keep'`: a value, or the error and the bytes as they came. Told apart by `error`. */
export type Decoded<P> =
  | { readonly value: P; readonly error?: undefined }
  | { readonly value?: undefined; readonly error: DecodeError; readonly bytes: Uint8Array }

/** From records of any kind to the same kind with another payload. */
export type DecodeOperator<P> = <R extends AlertRecord<unknown>>(source: Observable<R>) => Observable<With<R, P>>

export interface DecodingSettings {
  readonly onDecodeError: OnDecodeError
  /** Gives what the bytes of a record say, or throws. */
  readonly read: (record: AlertRecord<unknown>, bytes: Uint8Array) => unknown
  /** How to mend what could not be read. */
  readonly mend?: ((record: AlertRecord<unknown>) => string | undefined) | undefined
}

/** What could be read of a record. */
export interface ReadPayload {
  readonly value: unknown
}

/** One subscription of an operator that decodes: here alone it is settled what becomes of a record. */
export class Decoding<R extends AlertRecord<unknown>> {
  readonly #settings: DecodingSettings
  readonly #out: Subscriber<With<R, unknown>>

  constructor(settings: DecodingSettings, out: Subscriber<With<R, unknown>>) {
    this.#settings = settings
    this.#out = out
  }

  /** Decodes a record and passes it on, or leaves it out. */
  next(record: R): void {
    const read = this.read(record)
    if (read) this.pass(record, read)
  }

  /** Undefined for what is left out, or ends the stream. @param kept if the record was kept back; then it is settled too */
  read(record: R, kept?: Kept<R>): ReadPayload | undefined {
    const { payload } = record
    if (payload === null) {
      if (kept) kept.drop()
      else drop(record)
      return undefined
    }
    if (!(payload instanceof Uint8Array)) return { value: payload }
    try {
      return { value: this.#settings.read(record, payload) }
    } catch (error) {
      const { mend } = this.#settings
      this.undecoded(record, payload, toDecodeError(error, record, mend?.(record)), kept)
      return undefined
    }
  }

  pass(record: R, read: ReadPayload, kept?: Kept<R>): void {
    this.#emit(withPayload(record, this.#settings.onDecodeError === 'keep' ? read : read.value), kept)
  }

  undecoded(record: R, bytes: Uint8Array, error: DecodeError, kept?: Kept<R>): void {
    const { onDecodeError } = this.#settings
    if (onDecodeError === 'error') {
      this.#out.error(error)
      kept?.giveBack()
    } else if (onDecodeError === 'keep') this.#emit(withPayload(record, { error, bytes }), kept)
    // A plain record has nobody to report to.
    else if (record instanceof Delivery) record.fail(error)
  }

  #emit(record: With<R, unknown>, kept: Kept<R> | undefined): void {
    if (kept) kept.passAs(this.#out, record)
    else this.#out.next(record)
  }
}

export function toDecodeError(thrown: unknown, record: AlertRecord<unknown>, mend?: string): DecodeError {
  const cause = toAlertError(thrown, 'ALERT_DECODE')
  return new DecodeError(cause.message, placeOf(record), { cause, mend })
}
