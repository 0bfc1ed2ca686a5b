import type { RecordHeader } from '../record.ts'
import { idBytes } from './ids.ts'
import type { OutgoingHeader } from './outgoing.ts'

const encoder = new TextEncoder()

export const textBytes = (value: string | Uint8Array): Uint8Array => (typeof value === 'string' ? encoder.encode(value) : value)

const header = (name: string, value: string): RecordHeader => ({ name, value: encoder.encode(value) })

const TEST = header('_test', 'true')
/** Made once: nearly every message has one of these. */
const FORMATS = new Map(['json', 'blob'].map(format => [format, header('_format', format)]))

/** The sender's header, undefined for a user without a name. */
export const senderHeader = (sender: string | undefined): RecordHeader | undefined => (sender ? header('_sender', sender) : undefined)

export interface HeaderParts {
  readonly own: readonly OutgoingHeader[] | undefined
  readonly id: string
  readonly sender: RecordHeader | undefined
  readonly test: boolean | undefined
  readonly format: string
}

/** All headers of a message, in the order in which hop writes them. */
export function wireHeaders({ own, id, sender, test, format }: HeaderParts): RecordHeader[] {
  const headers: RecordHeader[] = []
  if (own !== undefined) for (const [name, value] of own) headers.push({ name, value: textBytes(value) })
  headers.push({ name: '_id', value: idBytes(id) })
  if (sender !== undefined) headers.push(sender)
  if (test) headers.push(TEST)
  headers.push(FORMATS.get(format) ?? header('_format', format))
  return headers
}

/** The headers of a message that was composed before the sender was known. */
export function withSender(headers: readonly RecordHeader[], sender: string | undefined): readonly RecordHeader[] {
  const own = senderHeader(sender)
  if (own === undefined || headers.some(({ name }) => name === '_sender')) return headers
  const behind = headers.findLastIndex(({ name }) => name === '_id') + 1
  return [...headers.slice(0, behind), own, ...headers.slice(behind)]
}
