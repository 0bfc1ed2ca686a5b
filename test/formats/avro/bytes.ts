/** Avro's bytes made by hand, by another way than the library makes them. */

type Part = Uint8Array | readonly number[]

const utf8 = new TextEncoder()

export function join(...parts: readonly Part[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** Zigzag, seven bits a byte, the lowest first. */
export function long(value: number | bigint): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value) >= 0n ? BigInt(value) * 2n : -BigInt(value) * 2n - 1n)
  do {
    const low = Number(rest & 127n)
    rest >>= 7n
    bytes.push(rest > 0n ? low | 128 : low)
  } while (rest > 0n)
  return Uint8Array.from(bytes)
}

export const sized = (bytes: Part): Uint8Array => join(long(bytes.length), bytes)

export const text = (value: string): Uint8Array => sized(utf8.encode(value))

/** A number in little-endian bytes. */
export function real(value: number, bits: 32 | 64): Uint8Array {
  return new Uint8Array((bits === 32 ? Float32Array : Float64Array).of(value).buffer)
}

/** Blocks of an array or a map, and their end. */
export const items = (...values: readonly Part[]): Uint8Array =>
  join(...(values.length > 0 ? [long(values.length), ...values] : []), long(0))

export const SYNC: Uint8Array = Uint8Array.from({ length: 16 }, (_, i) => 0xa0 + i)

export interface ContainerOptions {
  /** The schema, as JSON or as its text. */
  readonly schema?: unknown
  /** Text of the header. */
  readonly metadata?: Readonly<Record<string, string>>
  readonly sync?: Part
}

export const header = ({ schema, metadata = {}, sync = SYNC }: ContainerOptions): Uint8Array => {
  const all = Object.entries({ ...(schema !== undefined && { 'avro.schema': JSON.stringify(schema) }), ...metadata })
  return join(utf8.encode('Obj'), [1], items(...all.map(([key, value]) => join(text(key), text(value)))), sync)
}

export const block = (count: number | bigint, data: Part, sync: Part = SYNC): Uint8Array => join(long(count), sized(data), sync)

/** A file with one record. */
export const file = (schema: unknown, record: Part): Uint8Array => join(header({ schema }), block(1, record))

/** A record's schema. */
export const record = (name: string, fields: Readonly<Record<string, unknown>>): object => ({
  type: 'record',
  name,
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
})
