import { AlertError } from '../errors.ts'
import { writeAvro } from '../formats/avro/writeAvro.ts'
import { writeCircular } from '../formats/circular.ts'
import { writeTextNotice } from '../formats/gcntextnotice.ts'
import { writeJson } from '../formats/json.ts'
import { writeVOEvent } from '../formats/voevent.ts'
import { isOutgoing } from './outgoing.ts'

/** @throws AlertError ALERT_UNWRITABLE */
export type Encoder = (payload: unknown) => Uint8Array

/** How a payload that is not bytes yet is written, by hop's name of the format: what Python's listeners read, or nothing. */
export const ENCODERS: ReadonlyMap<string, Encoder> = new Map<string, Encoder>([
  ['json', writeJson],
  ['avro', payload => writeAvro(payload)],
  ['circular', writeCircular],
  ['voevent', writeVOEvent],
  ['gcntextnotice', writeTextNotice],
])

export interface Encoded {
  readonly value: Uint8Array
  readonly format: string
}

/**
 * Bytes go as they are, as `blob` or under the format that is named. Anything else is JSON, unless another format is named: a string a JSON
 * string, an object an object, as hop writes them. Bytes are not copied.
 *
 * @throws AlertError ALERT_UNWRITABLE
 */
export function encode(payload: unknown, format: string | undefined, encoders: ReadonlyMap<string, Encoder> = ENCODERS): Encoded {
  if (payload instanceof Uint8Array) return { value: payload, format: format ?? 'blob' }
  refuseWrapped(payload)
  const name = format ?? 'json'
  const encoder = encoders.get(name)
  if (encoder === undefined) {
    throw new AlertError('ALERT_UNWRITABLE', `A payload of type ${typeOf(payload)} cannot be written as '${name}'`, {
      mend: `Pass its bytes as a Uint8Array; written from values: ${[...encoders.keys()].join(', ')}`,
    })
  }
  return { value: encoder(payload), format: name }
}

/** A record or a message where its payload was meant would be published with its offsets and headers as an alert. */
function refuseWrapped(payload: unknown): void {
  if (typeof payload !== 'object' || payload === null) return
  if (looksLikeRecord(payload)) {
    throw new AlertError('ALERT_UNWRITABLE', 'A whole AlertRecord was given where its payload is published', {
      mend: 'Pass its payload: sink.send(outgoing(r.payload, { id: r.id })), with format: r.format if it is still bytes',
    })
  }
  if (isOutgoing(payload)) {
    throw new AlertError('ALERT_UNWRITABLE', 'The payload of outgoing() is an Outgoing itself', {
      mend: 'Pass it as it is, or its payload',
    })
  }
}

/** By its shape, for it may come from a page or another copy of the package. What `toJSON()` gave is data: it may be published. */
const looksLikeRecord = (value: object): boolean =>
  'fullTopic' in value && 'offset' in value && 'payload' in value && 'toJSON' in value && typeof value.toJSON === 'function'

const typeOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? (value.constructor?.name ?? 'object') : value === null ? 'null' : typeof value
