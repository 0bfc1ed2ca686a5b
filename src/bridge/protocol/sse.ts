import type { BridgeEvents } from './events.ts'

const encoder = new TextEncoder()
const LINE_BREAKS = /[\r\n\0]/

/** A comment: says that the connection lives. */
export const HEARTBEAT: Uint8Array = encoder.encode(':\n\n')

/** How long EventSource waits before it connects again, ms. */
export const retryField = (ms: number): Uint8Array => encoder.encode(`retry: ${ms}\n\n`)

/**
 * An event as bytes. Its data is JSON, in which no line break stands as it is: text of an alert cannot end the event and begin another.
 *
 * @param id where to resume; only `cursor` events have one
 */
export function encodeEvent<N extends keyof BridgeEvents>(name: N, data: BridgeEvents[N], id?: string): Uint8Array {
  return encoder.encode(`event: ${name}\n${idLine(id)}data: ${JSON.stringify(data)}\n\n`)
}

/** As `encodeEvent`, of data that is JSON already. */
export function encodeJsonEvent(name: keyof BridgeEvents, json: Uint8Array): Uint8Array {
  const head = encoder.encode(`event: ${name}\ndata: `)
  const bytes = new Uint8Array(head.length + json.length + 2)
  bytes.set(head)
  bytes.set(json, head.length)
  bytes.fill(LF, head.length + json.length)
  return bytes
}

const LF = 10

function idLine(id: string | undefined): string {
  if (id === undefined) return ''
  if (LINE_BREAKS.test(id)) throw new RangeError('The id of an event holds a line break')
  return `id: ${id}\n`
}
