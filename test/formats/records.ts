/** The raw records of records.json: what Python's peers and others wrote to a real Kafka. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Token, type TokenOwner } from '../../src/claims.ts'
import { Delivery, type RawRecord, type RecordHeader } from '../../src/record.ts'

/** Bytes are base64. */
interface Written {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly key_b64: string | null
  readonly headers: readonly (readonly [name: string, value: string | null])[] | null
  readonly value_b64: string | null
  readonly value_sha256?: string
  readonly written_by: string
  readonly hop_reader: string
}

export interface CorpusRecord {
  /** topic[partition]@offset */
  readonly place: string
  readonly by: string
  /** What hop's reader made of it, as its representation begins. */
  readonly hop: string
  readonly raw: RawRecord
  readonly delivery: Delivery
}

const file = new URL('records.json', import.meta.url)
const utf8 = new TextDecoder()

export function corpus(): readonly CorpusRecord[] {
  const { records } = JSON.parse(readFileSync(file, 'utf8')) as { readonly records: readonly Written[] }
  return records.map(corpusRecord)
}

function corpusRecord(written: Written): CorpusRecord {
  const raw = rawOf(written, payloadOf(written))
  return {
    place: `${written.topic}[${written.partition}]@${written.offset}`,
    by: written.written_by,
    hop: written.hop_reader,
    raw,
    delivery: deliveryOf(raw, written.topic, written.partition),
  }
}

function rawOf({ offset, timestamp, key_b64, headers }: Written, value: Uint8Array | null): RawRecord {
  const own = (headers ?? []).map(([name, text]): RecordHeader => ({ name, value: bytesOf(text) }))
  return {
    offset,
    timestamp,
    size: value?.length ?? 0,
    key: bytesOf(key_b64),
    value,
    headers: own,
    hasHeader: wanted => own.some(({ name }) => name === utf8.decode(wanted)),
    detach: () => {},
  }
}

export function deliveryOf(raw: RawRecord, fullTopic = 'interop.raw', partition = 0): Delivery {
  const place = { server: 'localhost:9092', group: null, topic: fullTopic, fullTopic, partition }
  const owner: TokenOwner = { place, ended: false, leaving: false, settled() {}, failed() {}, late() {} }
  return new Delivery(new Token(owner, raw), raw.value)
}

const bytesOf = (base64: string | null): Uint8Array | null => (base64 === null ? null : Uint8Array.from(Buffer.from(base64, 'base64')))

/** The large one is not in the file: it is made again, and checked by its hash. */
function payloadOf({ value_b64, value_sha256 }: Written): Uint8Array | null {
  if (value_sha256 === undefined) return bytesOf(value_b64)
  const value = new TextEncoder().encode(`{"pad": "${'0123456789abcdef'.repeat(65_536)}"}`)
  if (createHash('sha256').update(value).digest('hex') !== value_sha256) throw new Error('the large record was made wrongly')
  return value
}
