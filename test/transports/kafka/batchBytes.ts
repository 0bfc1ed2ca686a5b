import { crc32c } from '../../../src/transports/kafka/crc32c.ts'

export interface TestHeader {
  readonly name: string
  readonly value: Uint8Array | null
}

export interface TestRecord {
  readonly key?: Uint8Array | null | undefined
  readonly value?: Uint8Array | null | undefined
  readonly headers?: readonly TestHeader[] | undefined
  /** @default the place in the batch */
  readonly offsetDelta?: number | undefined
  /** @default 0 */
  readonly timeDelta?: number | undefined
}

export interface TestBatch {
  readonly base?: number | undefined
  readonly records?: readonly TestRecord[] | undefined
  readonly firstTime?: number | undefined
  /** LogAppendTime. */
  readonly appendTime?: number | undefined
  readonly codec?: number | undefined
  readonly compress?: ((body: Buffer) => Uint8Array) | undefined
  readonly transactional?: boolean | undefined
  readonly producerId?: bigint | undefined
  /** @default that of the last record */
  readonly lastDelta?: number | undefined
  /** @default how many records there are */
  readonly count?: number | undefined
  /** A control batch with that marker instead of records. */
  readonly marker?: 'abort' | 'commit' | undefined
}

const utf8 = new TextEncoder()

export const bytes = (text: string): Uint8Array => utf8.encode(text)

/** Zigzag, up to 2^53. */
export function varint(value: number): Buffer {
  const out: number[] = []
  let rest = value < 0 ? -2 * value - 1 : 2 * value
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) | 128)
  return Buffer.from([...out, rest])
}

const field = (value: Uint8Array | null): Buffer => (value === null ? varint(-1) : Buffer.concat([varint(value.length), value]))

export function recordBytes({ key = null, value = null, headers = [], offsetDelta = 0, timeDelta = 0 }: TestRecord): Buffer {
  const named = headers.map(({ name, value }) => Buffer.concat([field(bytes(name)), field(value)]))
  const body = [Buffer.from([0]), varint(timeDelta), varint(offsetDelta), field(key), field(value), varint(headers.length), ...named]
  const record = Buffer.concat(body)
  return Buffer.concat([varint(record.length), record])
}

function marker(kind: 'abort' | 'commit'): TestRecord {
  return { key: Uint8Array.of(0, 0, 0, kind === 'abort' ? 0 : 1), value: Uint8Array.of(0, 0, 0, 0, 0, 0) }
}

/** A record batch, format v2. */
export function batchBytes(batch: TestBatch): Buffer {
  const records = batch.marker ? [marker(batch.marker)] : (batch.records ?? [])
  const deltas = records.map(({ offsetDelta }, index) => offsetDelta ?? index)
  const plain = Buffer.concat(records.map((record, index) => recordBytes({ ...record, offsetDelta: deltas[index] })))
  const body = batch.compress?.(plain) ?? plain
  const attributes =
    (batch.codec ?? 0) |
    (batch.appendTime === undefined ? 0 : 0x08) |
    (batch.transactional || batch.marker ? 0x10 : 0) |
    (batch.marker ? 0x20 : 0)
  const header = Buffer.alloc(61)
  header.writeBigInt64BE(BigInt(batch.base ?? 0), 0)
  header.writeInt32BE(49 + body.length, 8)
  header.writeInt32BE(-1, 12)
  header.writeInt8(2, 16)
  header.writeInt16BE(attributes, 21)
  header.writeInt32BE(batch.lastDelta ?? deltas.at(-1) ?? 0, 23)
  header.writeBigInt64BE(BigInt(batch.firstTime ?? 1_700_000_000_000), 27)
  header.writeBigInt64BE(BigInt(batch.appendTime ?? 0), 35)
  header.writeBigInt64BE(batch.producerId ?? -1n, 43)
  header.writeInt16BE(-1, 51)
  header.writeInt32BE(-1, 53)
  header.writeInt32BE(batch.count ?? records.length, 57)
  return stamped(Buffer.concat([header, body]))
}

/** The same batch with a fitting CRC. */
export function stamped(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch, 21), 17)
  return batch
}

export const texts = (...values: readonly string[]): TestRecord[] => values.map(value => ({ value: bytes(value) }))
