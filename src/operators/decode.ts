import { Observable } from 'rxjs'
import { ConfigError } from '../errors.ts'
import { FORMAT_NAMES, type FormatName, type PayloadOptions, payloadReader } from '../formats/payload.ts'
import type { AlertRecord, With } from '../record.ts'
import { type Decoded, type DecodeOperator, Decoding, type OnDecodeError } from './decoding.ts'
import type { ExternalResolver } from './external.ts'
import { Fetching } from './fetching.ts'
import { operate } from './operate.ts'

/** How `decode` reads. */
export interface DecodeOptions extends Pick<PayloadOptions, 'bigints' | 'unwrap' | 'limits'> {
  /**
   * How payloads are read, whatever their `_format` header says; a function may leave a record to its header by giving undefined. For topics
   * whose records have none: `as: 'gcntextnotice'`. A record that stands for a message elsewhere stays one; the message is then read so.
   *
   * @default by the header, without one by what the bytes are
   */
  readonly as?: FormatName | ((record: AlertRecord<unknown>) => FormatName | undefined) | undefined
  /** @default 'skip' */
  readonly onDecodeError?: OnDecodeError | undefined
  /** Fetches messages that were too large for the broker: `client.external()`. @default none: they are an {@link ExternalReference} */
  readonly external?: ExternalResolver | undefined
}

export function decode<P = unknown>(options: DecodeOptions & { readonly onDecodeError: 'keep' }): DecodeOperator<Decoded<P>>
export function decode<P = unknown>(options?: DecodeOptions & { readonly onDecodeError?: 'skip' | 'error' | undefined }): DecodeOperator<P>
/**
 * Decodes payloads of every format that hop has, as hop does, by the record's `_format` header. `P` is what you expect in them; nothing
 * checks it.
 *
 *     --(avro)--(json)--(voevent)--|
 *       decode()
 *     --[{...}]--{...}--{ ivorn }--|
 *
 * - What each format gives is in the table of {@link decodePayload}; a format that hop does not know stays bytes.
 * - Without the header: JSON, if it is; a VOEvent as XML, as on GCN's classic topics (hop gives its bytes); else bytes.
 * - GraceDB sends JSON in a JSON string, which stays a string, as with hop: take `parseJson`, or `unwrap: 3`.
 * - A tombstone (payload null) is left out without a report. A payload that is decoded already passes.
 * - A message that was too large for the broker is an `ExternalReference`, with its `url`; with `external` it is fetched. Meanwhile the
 *   records of its partition that come after it wait, in their order, unhandled; other partitions go on. Key, headers, `id` and timestamp
 *   are then those of the message. What cannot be fetched is treated as what cannot be decoded: a resolver does its own retries.
 *
 * Lossless but for what cannot be decoded, see `onDecodeError`. When the stream completes, what is under way is waited for; when it fails or
 * is unsubscribed, or the partition leaves, what waits is given back and the fetch is called off.
 *
 * @throws ConfigError for an `as` that is no format. As the stream's error: with `external`, AlertError ALERT_LATE_HOLD below an asynchronous
 * operator
 * @example
 * ```ts
 * const scimma = new IgwnAlertClient({ group: null })
 * scimma.topic('igwn.gwalert').pipe(decode<readonly Alert[]>()).subscribe(({ payload: [alert] }) => console.log(alert?.superevent_id))
 * // S190425z
 * ```
 * @see {@link parseJson}, {@link mapPayload}
 */
export function decode(options: DecodeOptions = {}): DecodeOperator<unknown> {
  const { as, onDecodeError = 'skip', external, ...readOptions } = options
  const read = payloadReader({ ...readOptions, bareVOEvent: true })
  const formatOf = formatBy(as)
  const settings = { onDecodeError, read: (record: AlertRecord<unknown>) => read(record, formatOf(record)) }
  return <R extends AlertRecord<unknown>>(source: Observable<R>) =>
    new Observable<With<R, unknown>>(out => {
      const decoding = new Decoding<R>(settings, out)
      if (!external) {
        source.subscribe(operate(out, { next: record => decoding.next(record) }))
        return
      }
      const fetching = new Fetching<R>(decoding, external, out)
      const upstream = operate<R>(out, { next: record => fetching.accept(record), complete: () => fetching.end() })
      // Behind the unsubscribing of the source, which has to know of its end before anything is given back.
      out.add(() => fetching.shut())
      source.subscribe(upstream)
    })
}

function formatBy(as: DecodeOptions['as']): (record: AlertRecord<unknown>) => FormatName | undefined {
  if (as === undefined) return () => undefined
  const choose = typeof as === 'function' ? (record: AlertRecord<unknown>) => checked(as(record)) : () => as
  if (typeof as !== 'function') checked(as)
  return record => (isReference(record) ? undefined : choose(record))
}

const isReference = ({ format }: AlertRecord<unknown>): boolean => format?.toLowerCase() === 'external'

/** @throws ConfigError */
function checked(name: FormatName | undefined): FormatName | undefined {
  if (name === undefined || FORMAT_NAMES.includes(name)) return name
  throw new ConfigError(`decode: as is '${String(name)}', expected one of ${FORMAT_NAMES.join(', ')}`)
}
