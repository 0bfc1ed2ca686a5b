import type { RawRecord, RecordHeader } from '../../record.ts'

/** A string stands for its UTF-8. */
export type Bytes = Uint8Array | string | null

/** A record as a test writes it down. */
export interface NewRecord {
  /** @default null, a tombstone */
  readonly value?: Bytes | undefined
  /** @default null */
  readonly key?: Bytes | undefined
  /** In wire order; names may repeat. @default none */
  readonly headers?: readonly { readonly name: string; readonly value: Bytes }[] | undefined
  /** ms since 1970. @default the log's clock */
  readonly timestamp?: number | undefined
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Small values share a buffer: a buffer for each costs microseconds. */
const SLAB_BYTES = 65_536
let slab = new Uint8Array(0)
let used = 0

/** A copy: the log must not change when the producer uses its buffer again. */
function copyOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length > SLAB_BYTES / 16) return bytes.slice()
  if (used + bytes.length > slab.length) {
    slab = new Uint8Array(SLAB_BYTES)
    used = 0
  }
  slab.set(bytes, used)
  used += bytes.length
  return slab.subarray(used - bytes.length, used)
}

function toBytes(bytes: Bytes | undefined): Uint8Array | null {
  if (bytes === undefined || bytes === null) return null
  return typeof bytes === 'string' ? encoder.encode(bytes) : copyOf(bytes)
}

/** `hasHeader` is asked for the same few names again and again. */
const names = new WeakMap<Uint8Array, string>()

function nameOf(bytes: Uint8Array): string {
  let name = names.get(bytes)
  if (name === undefined) {
    name = decoder.decode(bytes)
    names.set(bytes, name)
  }
  return name
}

const NO_HEADERS: readonly RecordHeader[] = []

/** A record in the log; every reader is handed the same one. */
export class MemoryRecord implements RawRecord {
  readonly offset: number
  readonly timestamp: number
  readonly size: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]

  constructor(offset: number, { key, value, headers, timestamp }: NewRecord, now: number) {
    this.offset = offset
    this.timestamp = timestamp ?? now
    this.key = toBytes(key)
    this.value = toBytes(value)
    this.headers = headers?.length ? headers.map(({ name, value }) => ({ name, value: toBytes(value) })) : NO_HEADERS
    this.size = sizeOf(this)
  }

  hasHeader(name: Uint8Array): boolean {
    if (this.headers === NO_HEADERS) return false
    const wanted = nameOf(name)
    return this.headers.some(header => header.name === wanted)
  }

  /** Nothing to do: its bytes are its own. */
  detach(): void {}
}

/** Bytes of key, value and headers. */
export function sizeOf({ key, value, headers }: Pick<RawRecord, 'key' | 'value' | 'headers'>): number {
  const size = (key?.length ?? 0) + (value?.length ?? 0)
  return headers.reduce((sum, { name, value }) => sum + encoder.encode(name).length + (value?.length ?? 0), size)
}
