import { AlertError } from '../errors.ts'
import type { ExternalMessage } from '../operators/external.ts'
import type { RecordHeader } from '../record.ts'

/**
 * The message that an offload server gives: BSON of `message` (binary) and `metadata` (headers, timestamp, key). Header values and keys that
 * are strings are taken as UTF-8: hop's writer stores them so, and its reader then refuses them.
 *
 * @throws AlertError ALERT_EXTERNAL
 */
export async function readMessage(bytes: Uint8Array): Promise<ExternalMessage> {
  const { message, metadata } = fieldsOf(await documentIn(bytes), 'the document')
  const { headers, timestamp, key = null } = fieldsOf(metadata, 'metadata')
  const payload = bytesOf(message) ?? unfit('message', 'binary', message)
  if (!Array.isArray(headers)) unfit('metadata.headers', 'an array', headers)
  if (typeof timestamp !== 'number' || !Number.isSafeInteger(timestamp)) unfit('metadata.timestamp', 'a whole number', timestamp)
  return { payload, key: bytesOrNull(key, 'metadata.key'), headers: headers.map(headerOf), timestamp }
}

async function documentIn(bytes: Uint8Array): Promise<unknown> {
  const { deserialize } = await import('bson')
  try {
    return deserialize(bytes, { promoteBuffers: true })
  } catch (error) {
    // Its words may hold what is in the bytes.
    throw new AlertError('ALERT_EXTERNAL', `${bytes.length} bytes that are not BSON`, { mend: MEND, cause: error })
  }
}

const MEND = 'Ask who runs the server that keeps large messages: it has to answer as hop expects'

function unfit(name: string, expected: string, value: unknown): never {
  throw new AlertError('ALERT_EXTERNAL', `${name} is ${kindOf(value)}, expected ${expected}`, { mend: MEND })
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : value instanceof Uint8Array ? 'binary' : `a ${typeof value}`
}

function fieldsOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)) return { ...value }
  return unfit(name, 'an object', value)
}

function headerOf(pair: unknown, index: number): RecordHeader {
  const where = `metadata.headers[${index}]`
  if (!Array.isArray(pair) || pair.length !== 2) return unfit(where, 'a pair of a name and a value', pair)
  const [name, value]: unknown[] = pair
  return typeof name === 'string' ? { name, value: bytesOrNull(value, `${where}[1]`) } : unfit(`${where}[0]`, 'a string', name)
}

function bytesOrNull(value: unknown, name: string): Uint8Array | null {
  if (value === null) return null
  return typeof value === 'string' ? new TextEncoder().encode(value) : (bytesOf(value) ?? unfit(name, 'binary or a string', value))
}

/** Plain bytes, also where the platform has a class of its own for them. */
function bytesOf(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : undefined
}
