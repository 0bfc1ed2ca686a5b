import { Observable } from 'rxjs'
import { DecodeError, toAlertError } from '../errors.ts'
import { jsonReader, type ReadJsonOptions } from '../formats/json.ts'
import { type AlertRecord, Delivery, placeOf, type With } from '../record.ts'
import { operate } from './operate.ts'
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

export interface ParseJsonOptions extends Pick<ReadJsonOptions, 'bigints' | 'limits'> {
  /** @default 'skip' */
  readonly onDecodeError?: OnDecodeError | undefined
}

/** From records of any kind to the same kind with another payload. */
export type DecodeOperator<P> = <R extends AlertRecord<unknown>>(source: Observable<R>) => Observable<With<R, P>>

export function parseJson<P = unknown>(options: ParseJsonOptions & { readonly onDecodeError: 'keep' }): DecodeOperator<Decoded<P>>
export function parseJson<P = unknown>(
  options?: ParseJsonOptions & { readonly onDecodeError?: 'skip' | 'error' | undefined },
): DecodeOperator<P>
/**
 * Decodes payloads as hop's JSON. `P` is what you expect in them; nothing checks it.
 *
 *     --'{"a":1}'---'{"b'---'"x"'---|
 *       parseJson()
 *     --{ a: 1 }------------'x'-----|      '{"b' is reported: status$ 'failed', logger.error
 *
 * - GraceDB sends JSON in a JSON string: a string with an object or an array inside is unwrapped, up to 3 layers; any other stays a string.
 * - Python's `NaN` and `Infinity` are read. Integers beyond 2^53 are rounded, unless `bigints` is set.
 * - A tombstone (payload null) is left out without a report. A payload that is decoded already passes.
 *
 * Lossless but for what cannot be decoded, see `onDecodeError`.
 *
 * @example
 * ```ts
 * client.topic('superevent').pipe(parseJson<Alert>()).subscribe(({ topic, payload }) => console.log(topic, payload.superevent_id))
 * // superevent S190425z
 *
 * client.topic('superevent').pipe(parseJson<Alert>({ onDecodeError: 'keep' })).subscribe(({ payload }) => {
 *   if (payload.error) console.log(payload.error.message)
 *   else console.log(payload.value.superevent_id)
 * })
 * // gracedb.superevent[0]@7: not JSON: line 1, column 4: got the end of the text, expected '"'
 * ```
 * @see {@link mapPayload}
 */
export function parseJson(options: ParseJsonOptions = {}): DecodeOperator<unknown> {
  const { onDecodeError = 'skip', ...readOptions } = options
  const read = jsonReader(readOptions)
  const keep = onDecodeError === 'keep'
  return <R extends AlertRecord<unknown>>(source: Observable<R>) =>
    new Observable<With<R, unknown>>(out => {
      const undecoded = (record: R, bytes: Uint8Array, error: DecodeError): void => {
        if (onDecodeError === 'error') out.error(error)
        else if (keep) out.next(withPayload(record, { error, bytes }))
        // A plain record has nobody to report to.
        else if (record instanceof Delivery) record.fail(error)
      }
      const next = (record: R): void => {
        const { payload } = record
        let value: unknown = payload
        if (payload === null) {
          drop(record)
          return
        }
        if (payload instanceof Uint8Array) {
          try {
            value = read(payload)
          } catch (error) {
            undecoded(record, payload, toDecodeError(error, record))
            return
          }
        }
        out.next(withPayload(record, keep ? { value } : value))
      }
      source.subscribe(operate(out, { next }))
    })
}

function toDecodeError(thrown: unknown, record: AlertRecord<unknown>): DecodeError {
  const cause = toAlertError(thrown, 'ALERT_DECODE')
  const { format = 'json' } = record
  const mend = format.toLowerCase() === 'json' ? undefined : `Its format is ${format}, which parseJson does not read`
  return new DecodeError(cause.message, placeOf(record), { cause, mend })
}
