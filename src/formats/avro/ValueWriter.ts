import type { ByteSink } from './ByteSink.ts'
import { fits, isKind, rank } from './fits.ts'
import { shownText, step } from './place.ts'
import { type Plain, toPlain, unwritable } from './plain.ts'
import type { AvroField, AvroRecord, AvroType } from './schema.ts'

/** Writes values by a schema. */
export class ValueWriter {
  readonly #sink: ByteSink

  constructor(sink: ByteSink) {
    this.#sink = sink
  }

  /** @throws AlertError ALERT_UNWRITABLE with the value's path */
  write(type: AvroType, value: Plain, path: string): void {
    if (!isKind(type, value)) throw unwritable(path, `is ${described(value)}, expected ${expected(type)}`)
    const sink = this.#sink
    switch (type.kind) {
      case 'null':
        break
      case 'boolean':
        sink.byte(value === true ? 1 : 0)
        break
      case 'int':
      case 'long':
        sink.long(value as number | bigint)
        break
      case 'float':
        sink.float(Number(value))
        break
      case 'double':
        sink.double(Number(value))
        break
      case 'string':
        sink.string(value as string)
        break
      case 'bytes':
        sink.bytes(value as Uint8Array)
        break
      case 'fixed':
        sink.raw(value as Uint8Array)
        break
      case 'enum':
        sink.long(type.symbols.indexOf(value as string))
        break
      case 'array':
        this.#array(type.items, value as readonly Plain[], path)
        break
      case 'map':
        this.#map(type.values, value as ReadonlyMap<string, Plain>, path)
        break
      case 'record':
        this.#record(type, value as ReadonlyMap<string, Plain>, path)
        break
      case 'union':
        this.#union(type.branches, value, path)
        break
    }
  }

  #array(items: AvroType, array: readonly Plain[], path: string): void {
    if (array.length > 0) this.#sink.long(array.length)
    for (const [index, value] of array.entries()) this.write(items, value, path + step(index))
    this.#sink.long(0)
  }

  #map(values: AvroType, map: ReadonlyMap<string, Plain>, path: string): void {
    if (map.size > 0) this.#sink.long(map.size)
    for (const [key, value] of map) {
      this.#sink.string(key)
      this.write(values, value, path + step(key))
    }
    this.#sink.long(0)
  }

  #record({ name, fields }: AvroRecord, record: ReadonlyMap<string, Plain>, path: string): void {
    const known = new Set(fields.map(field => field.name))
    for (const key of record.keys()) {
      if (!known.has(key)) throw unwritable(path + step(key), `is no field of the record ${shownText(name)} of the schema`)
    }
    for (const field of fields) this.write(field.type, fieldValue(field, record, path), path + step(field.name))
  }

  #union(branches: readonly AvroType[], value: Plain, path: string): void {
    const candidates = [...branches.keys()].filter(index => isKind(branches[index]!, value))
    candidates.sort((a, b) => rank(branches[a]!, value) - rank(branches[b]!, value))
    const [first] = candidates
    const chosen = candidates.length > 1 ? (candidates.find(index => fits(branches[index]!, value)) ?? first) : first
    this.#sink.long(chosen!)
    this.write(branches[chosen!]!, value, path)
  }
}

/** A field that the value has not: the schema's default, or null where that may be. */
function fieldValue(field: AvroField, record: ReadonlyMap<string, Plain>, path: string): Plain {
  const value = record.get(field.name)
  if (value !== undefined) return value
  if (field.default !== undefined) return toPlain(field.default)
  if (isKind(field.type, null)) return null
  throw unwritable(path + step(field.name), 'is missing, and the schema has no default for it')
}

function described(value: Plain): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return `the string ${shownText(value)}`
  if (typeof value === 'object')
    return Array.isArray(value) ? 'an array' : value instanceof Uint8Array ? `${value.length} bytes` : 'an object'
  return `the ${typeof value} ${value}`
}

function expected(type: AvroType): string {
  switch (type.kind) {
    case 'null':
      return 'null'
    case 'int':
      return 'an int: an integer of 32 bits'
    case 'long':
      return 'a long: a safe integer, or a bigint of 64 bits'
    case 'bytes':
      return 'bytes: a Uint8Array'
    case 'fixed':
      return `${type.size} bytes, ${type.name}`
    case 'enum':
      return `one of ${type.symbols.slice(0, 20).join(', ')}`
    case 'record':
      return `the record ${shownText(type.name)}`
    case 'union':
      return type.branches.length === 0 ? 'nothing: an empty union has no values' : type.branches.map(expected).join(', or ')
    default:
      return `${type.kind === 'array' ? 'an' : 'a'} ${type.kind}`
  }
}
