import { readJson } from '../json.ts'
import { decodeUtf8 } from '../text.ts'
import { type AvroType, type CompileOptions, compileSchema } from './schema.ts'

/** Streams are of few schemas each; hop makes up one for each message, which need not be kept long. */
const MOST_KEPT = 16
/** Longer schemas are not kept. */
const LONGEST_KEPT = 64 * 1024

const kept = new Map<string, AvroType>()

/**
 * The schema in the JSON of a file's header. The last few are kept: most messages of a stream have the schema of the one before.
 *
 * @throws what `refuse` makes of the fault
 */
export function schemaFrom(bytes: Uint8Array, options: CompileOptions): AvroType {
  const key = `${options.depth} ${parsed(() => decodeUtf8(bytes, 'JSON'), options)}`
  const known = kept.get(key)
  if (known) return known
  const json = parsed(() => readJson(bytes, { unwrap: 0, limits: { jsonBytes: bytes.length } }), options)
  const type = compileSchema(json, options)
  if (bytes.length <= LONGEST_KEPT) keep(key, type)
  return type
}

function parsed<T>(parse: () => T, { refuse }: CompileOptions): T {
  try {
    return parse()
  } catch (error) {
    throw refuse(`schema: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function keep(key: string, type: AvroType): void {
  kept.set(key, type)
  const [oldest] = kept.keys()
  if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest)
}
