import type { AlertError } from '../../errors.ts'
import { type Fields, getOwn, isFields } from '../objects.ts'
import { shownText, step } from './place.ts'

const PRIMITIVES = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const
export type PrimitiveKind = (typeof PRIMITIVES)[number]

/** A schema with its names resolved: records may hold themselves. */
export type AvroType =
  | { readonly kind: PrimitiveKind }
  | { readonly kind: 'fixed'; readonly name: string; readonly size: number }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly kind: 'array'; readonly items: AvroType }
  | { readonly kind: 'map'; readonly values: AvroType }
  | { readonly kind: 'union'; readonly branches: readonly AvroType[] }
  | AvroRecord

export interface AvroRecord {
  readonly kind: 'record'
  readonly name: string
  readonly fields: readonly AvroField[]
}

export interface AvroField {
  readonly name: string
  readonly type: AvroType
  /** As the schema has it; undefined: none. */
  readonly default: unknown
}

type Named = Extract<AvroType, { readonly name: string }>

export interface CompileOptions {
  /** How deep types may nest. */
  readonly depth: number
  /** The error for a schema that is none. */
  readonly refuse: (what: string) => AlertError
}

/** Each kind once, for all schemas. */
const PRIMITIVE_TYPES: ReadonlyMap<unknown, AvroType> = new Map(PRIMITIVES.map(kind => [kind, { kind }]))

/**
 * A schema ready to be read or written by. Read as leniently as hop writes: empty unions, unions with several arrays, maps or like types, and
 * names that Avro does not allow are taken as they stand; aliases, defaults and logical types do not change what the bytes mean.
 */
export function compileSchema(schema: unknown, options: CompileOptions): AvroType {
  return new Compiler(options).type(schema, { path: '', namespace: '', depth: 0 })
}

/** Where in the schema a type stands. */
interface Spot {
  readonly path: string
  readonly namespace: string
  readonly depth: number
}

class Compiler {
  readonly #options: CompileOptions
  readonly #named = new Map<string, AvroType>()

  constructor(options: CompileOptions) {
    this.#options = options
  }

  type(schema: unknown, spot: Spot): AvroType {
    if (spot.depth > this.#options.depth) throw this.#error(spot, `types nest deeper than limits.avroDepth, ${this.#options.depth}`)
    if (typeof schema === 'string') return this.#reference(schema, spot)
    if (Array.isArray(schema)) return this.#union(schema, spot)
    if (!isFields(schema)) throw this.#error(spot, `got ${described(schema)}, expected a type: a name, an object or an array`)
    return this.#complex(schema, spot)
  }

  #reference(name: string, { path, namespace }: Spot): AvroType {
    const found = PRIMITIVE_TYPES.get(name) ?? this.#named.get(fullName(name, namespace)) ?? this.#named.get(name)
    if (found === undefined) throw this.#error({ path }, `got the name ${shownText(name)}, expected a type that is defined before`)
    return found
  }

  #union(branches: readonly unknown[], spot: Spot): AvroType {
    return {
      kind: 'union',
      branches: branches.map((branch, index) => this.type(branch, inner(spot, step(index), Array.isArray(branch) ? 1 : 0))),
    }
  }

  #complex(schema: Fields, spot: Spot): AvroType {
    const type = getOwn(schema, 'type')
    switch (type) {
      case 'array':
        return { kind: 'array', items: this.type(getOwn(schema, 'items'), inner(spot, '.items')) }
      case 'map':
        return { kind: 'map', values: this.type(getOwn(schema, 'values'), inner(spot, '.values')) }
      case 'fixed':
        return this.#define(schema, spot, name => ({ kind: 'fixed', name, size: this.#size(schema, spot) }))
      case 'enum':
        return this.#define(schema, spot, name => ({ kind: 'enum', name, symbols: this.#symbols(schema, spot) }))
      case 'record':
      case 'error':
        return this.#record(schema, spot)
      default:
        return this.type(type, inner(spot, '.type'))
    }
  }

  /** Known by its name before its fields are read: they may be of its own type. */
  #record(schema: Fields, spot: Spot): AvroType {
    const fields: AvroField[] = []
    const record = this.#define<AvroRecord>(schema, spot, name => ({ kind: 'record', name, fields }))
    const list = getOwn(schema, 'fields') ?? []
    if (!Array.isArray(list)) throw this.#error(spot, `got ${described(list)} as fields, expected an array`)
    const within = { ...spot, namespace: namespaceOf(record.name) }
    list.forEach((field: unknown, index) => {
      fields.push(this.#field(field, inner(within, `.fields${step(index)}`)))
    })
    return record
  }

  #field(field: unknown, spot: Spot): AvroField {
    const name = isFields(field) ? getOwn(field, 'name') : undefined
    if (!isFields(field) || typeof name !== 'string') throw this.#error(spot, `got ${described(field)}, expected a field with a name`)
    return { name, type: this.type(getOwn(field, 'type'), inner(spot, '.type', 0)), default: getOwn(field, 'default') }
  }

  #define<T extends Named>(schema: Fields, spot: Spot, make: (name: string) => T): T {
    const short = getOwn(schema, 'name')
    const namespace = getOwn(schema, 'namespace') ?? spot.namespace
    if (typeof short !== 'string') throw this.#error(spot, `got ${described(short)} as the name of a type, expected a string`)
    if (typeof namespace !== 'string') throw this.#error(spot, `got ${described(namespace)} as a namespace, expected a string`)
    const name = fullName(short, namespace)
    if (this.#named.has(name)) throw this.#error(spot, `the type ${shownText(name)} is defined twice`)
    const type = make(name)
    this.#named.set(name, type)
    return type
  }

  #size(schema: Fields, spot: Spot): number {
    const size = getOwn(schema, 'size')
    if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0) return size
    throw this.#error(spot, `got ${described(size)} as the size of a fixed type, expected 0 or a positive integer`)
  }

  #symbols(schema: Fields, spot: Spot): readonly string[] {
    const symbols = getOwn(schema, 'symbols')
    if (Array.isArray(symbols) && symbols.every(symbol => typeof symbol === 'string')) return symbols
    throw this.#error(spot, `got ${described(symbols)} as the symbols of an enum, expected an array of strings`)
  }

  #error({ path }: Pick<Spot, 'path'>, what: string): AlertError {
    return this.#options.refuse(`schema${path}: ${what}`)
  }
}

const inner = (spot: Spot, path: string, deeper = 1): Spot => ({ ...spot, path: spot.path + path, depth: spot.depth + deeper })

const fullName = (name: string, namespace: string): string => (name.includes('.') || namespace === '' ? name : `${namespace}.${name}`)

const namespaceOf = (name: string): string => name.slice(0, Math.max(name.lastIndexOf('.'), 0))

function described(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return shownText(value)
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}
