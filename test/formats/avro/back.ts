import { expect } from 'vitest'
import { readAvro } from '../../../src/formats/avro/readAvro.ts'
import { type WriteAvroOptions, writeAvro } from '../../../src/formats/avro/writeAvro.ts'

/** What is read of what is written. */
export function back(value: unknown, options?: WriteAvroOptions): unknown {
  const records = readAvro(writeAvro(value, options), { bigints: true })
  expect(records).toHaveLength(1)
  return records[0]
}

/** The schema in a file's header. */
export function schemaOf(bytes: Uint8Array): unknown {
  const text = new TextDecoder('latin1').decode(bytes)
  const start = text.indexOf('avro.schema') + 'avro.schema'.length
  const end = text.indexOf('\u0000', start)
  const json = text.slice(start, end)
  return JSON.parse(json.slice(json.search(/["[{]/)))
}
