import { readFileSync } from 'node:fs'

interface StoredRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly headers: readonly (readonly [name: string, value: string | null])[] | null
  readonly value_b64: string | null
}

export interface CorpusFile {
  /** `topic[partition]@offset` */
  readonly place: string
  readonly bytes: Uint8Array
}

/** The Avro files that hop and others wrote to a broker. */
export function corpus(): readonly CorpusFile[] {
  const text = readFileSync(new URL('../records.json', import.meta.url), 'utf8')
  const { records } = JSON.parse(text) as { readonly records: readonly StoredRecord[] }
  const isAvro = ({ headers }: StoredRecord) =>
    headers?.some(([name, value]) => name === '_format' && Buffer.from(value ?? '', 'base64').toString() === 'avro')
  return records.filter(isAvro).map(({ topic, partition, offset, value_b64 }) => ({
    place: `${topic}[${partition}]@${offset}`,
    bytes: Uint8Array.from(Buffer.from(value_b64 ?? '', 'base64')),
  }))
}
