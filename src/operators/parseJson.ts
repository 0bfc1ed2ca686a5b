import { Observable } from 'rxjs'
import { jsonReader, type ReadJsonOptions } from '../formats/json.ts'
import type { AlertRecord, With } from '../record.ts'
import { type Decoded, type DecodeOperator, Decoding, type OnDecodeError } from './decoding.ts'
import { operate } from './operate.ts'

/** How `parseJson` reads. */
export interface ParseJsonOptions extends Pick<ReadJsonOptions, 'bigints' | 'limits'> {
  /** @default 'skip' */
  readonly onDecodeError?: OnDecodeError | undefined
}

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
 * @see {@link decode}, {@link mapPayload}
 */
export function parseJson(options: ParseJsonOptions = {}): DecodeOperator<unknown> {
  const { onDecodeError = 'skip', ...readOptions } = options
  const readJson = jsonReader(readOptions)
  const settings = { onDecodeError, read: (_record: AlertRecord<unknown>, bytes: Uint8Array) => readJson(bytes), mend: mendOf }
  return <R extends AlertRecord<unknown>>(source: Observable<R>) =>
    new Observable<With<R, unknown>>(out => {
      const decoding = new Decoding<R>(settings, out)
      source.subscribe(operate(out, { next: record => decoding.next(record) }))
    })
}

function mendOf({ format = 'json' }: AlertRecord<unknown>): string | undefined {
  return format.toLowerCase() === 'json' ? undefined : `Its format is ${format}, which parseJson does not read; decode() reads every format`
}
