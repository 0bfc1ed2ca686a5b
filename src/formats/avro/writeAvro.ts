import { ConfigError } from '../../errors.ts'
import { DEFAULT_LIMITS } from '../../limits.ts'
import { ByteSink } from './ByteSink.ts'
import { inferSchema } from './inferSchema.ts'
import { toPlain } from './plain.ts'
import { MAGIC, SYNC_BYTES } from './readAvro.ts'
import { schemaFrom } from './schemaCache.ts'
import { ValueWriter } from './ValueWriter.ts'

/** How `writeAvro` writes. */
export interface WriteAvroOptions {
  /**
   * What an `.avsc` file holds, parsed. Fields that the value has not get the schema's default, else null where that may be; a field that the
   * schema does not have is an error. @default found from the value, as hop finds it
   */
  readonly schema?: object | undefined
}

const encoder = new TextEncoder()

/**
 * Writes an Avro object container file with one record, any value that JSON has, as hop's `AvroBlob` does: Uint8Arrays are `bytes`, safe
 * integers and bigints `long`, other numbers `double`, objects records if their values are of many types, else maps. Undefined fields of objects
 * are left out, `toJSON` is called. What SCiMMA's `igwn.gwalert` carries is `writeAvro([alert])`. The codec is `null`.
 *
 * @throws AlertError ALERT_UNWRITABLE with the value's place; ConfigError for a schema that is none
 */
export function writeAvro(value: unknown, { schema }: WriteAvroOptions = {}): Uint8Array {
  const plain = toPlain(value)
  const json = schemaJson(schema ?? inferSchema(plain))
  const type = schemaFrom(json, { depth: DEFAULT_LIMITS.avroDepth, refuse: what => new ConfigError(`Not an Avro schema: ${what}`) })
  const block = new ByteSink()
  new ValueWriter(block).write(type, plain, 'payload')
  return container(json, block)
}

function schemaJson(schema: unknown): Uint8Array {
  try {
    return encoder.encode(JSON.stringify(schema))
  } catch (cause) {
    throw new ConfigError('Not an Avro schema: it cannot be said in JSON', { cause })
  }
}

/** A file of one block with one record. */
function container(schema: Uint8Array, block: ByteSink): Uint8Array {
  const sync = crypto.getRandomValues(new Uint8Array(SYNC_BYTES))
  const file = new ByteSink()
  file.raw(MAGIC)
  file.long(2)
  file.string('avro.codec')
  file.string('null')
  file.string('avro.schema')
  file.bytes(schema)
  file.long(0)
  file.raw(sync)
  file.long(1)
  file.long(block.length)
  file.append(block)
  file.raw(sync)
  return file.toBytes()
}
