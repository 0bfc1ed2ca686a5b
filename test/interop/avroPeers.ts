import { pythonLines } from '../bed/peers.ts'

/** A file that a peer did not read, or a value that it did not write: its exception. */
export interface Refused {
  readonly refused: string
}
export interface ReadByPeers {
  /** All records, as fastavro reads them. */
  readonly values: readonly unknown[]
  /** The content that hop's reader gives. */
  readonly hop: { readonly content: unknown } | Refused
}
export interface WrittenByFastavro {
  readonly file: Uint8Array
  /** As fastavro reads them back. */
  readonly values: readonly unknown[]
}

export const isRefused = (outcome: object): outcome is Refused => 'refused' in outcome

interface Line {
  readonly refused?: string
  readonly values?: Packed
  readonly hop?: { readonly content?: Packed; readonly refused?: string }
  readonly file?: string
}
type Packed =
  | null
  | boolean
  | string
  | readonly Packed[]
  | { readonly $: string; readonly v: string | readonly (readonly [string, Packed])[] }

/** All files by one program. */
export async function readWithPeers(files: readonly Uint8Array[]): Promise<readonly (ReadByPeers | Refused)[]> {
  const lines = await run('read', files.map(toBase64))
  return lines.map(({ refused, values, hop }) => {
    if (values === undefined) return { refused: refused ?? 'nothing was printed' }
    const content = hop?.content
    return {
      values: unpacked(values) as unknown[],
      hop: content === undefined ? { refused: hop?.refused ?? '' } : { content: unpacked(content) },
    }
  })
}

/** Random records by each schema. */
export async function writeWithFastavro(
  cases: readonly { readonly schema: object; readonly seed: number; readonly codec: 'null' | 'deflate' }[],
): Promise<readonly (WrittenByFastavro | Refused)[]> {
  const lines = await run(
    'write',
    cases.map(one => JSON.stringify(one)),
  )
  return lines.map(({ refused, file, values }) => {
    if (file === undefined || values === undefined) return { refused: refused ?? 'nothing was printed' }
    return { file: fromBase64(file), values: unpacked(values) as unknown[] }
  })
}

/** Each value by hop's AvroBlob. */
export async function writeWithHop(values: readonly unknown[]): Promise<readonly (Uint8Array | Refused)[]> {
  const lines = await run(
    'writeHop',
    values.map(value => JSON.stringify(packed(value))),
  )
  return lines.map(({ refused, file }) => (file === undefined ? { refused: refused ?? 'nothing was printed' } : fromBase64(file)))
}

async function run(what: string, input: readonly string[]): Promise<readonly Line[]> {
  const lines = await pythonLines<Line>('../../interop/peers/avro.py', { do: what }, { input: `${input.join('\n')}\n`, timeoutMs: 600_000 })
  if (lines.length !== input.length) throw new Error(`${lines.length} outcomes of ${input.length} cases`)
  return lines
}

const toBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const fromBase64 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'))

function packed(value: unknown): Packed {
  if (value instanceof Uint8Array) return { $: 'bytes', v: toBase64(value) }
  if (Array.isArray(value)) return value.map(packed)
  if (typeof value === 'object' && value !== null)
    return { $: 'dict', v: Object.entries(value).map(([key, inner]) => [key, packed(inner)] as const) }
  if (typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0))) return { $: 'int', v: String(value) }
  if (typeof value === 'number') return { $: 'float', v: Object.is(value, -0) ? '-0.0' : String(value) }
  return value as null | boolean | string
}

/** As `readAvro` gives it with bigints. */
function unpacked(value: Packed): unknown {
  if (Array.isArray(value)) return value.map(unpacked)
  if (typeof value !== 'object' || value === null || !('$' in value)) return value
  const { $: kind, v } = value
  if (typeof v !== 'string') return fields(v)
  if (kind === 'bytes') return fromBase64(v)
  if (kind === 'int') return Number.isSafeInteger(Number(v)) ? Number(v) : BigInt(v)
  return { nan: Number.NaN, inf: Number.POSITIVE_INFINITY, '-inf': Number.NEGATIVE_INFINITY }[v] ?? Number(v)
}

function fields(entries: readonly (readonly [string, Packed])[]): Record<string, unknown> {
  const object: Record<string, unknown> = {}
  for (const [key, value] of entries) {
    Object.defineProperty(object, key, { value: unpacked(value), configurable: true, enumerable: true, writable: true })
  }
  return object
}
