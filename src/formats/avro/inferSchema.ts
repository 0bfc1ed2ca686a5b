import { isWhole, type Plain } from './plain.ts'

/** In the order in which they stand in a union. */
const SCALARS = ['null', 'boolean', 'long', 'double', 'string', 'bytes'] as const
type Scalar = (typeof SCALARS)[number]

/** Which types the values at one place have: any of the scalars, and an array, and an object. */
interface Shape {
  readonly scalars: ReadonlySet<Scalar>
  readonly items?: Shape | undefined
  readonly object?: ObjectShape | undefined
}
/** With `fields`: the objects are records of one type; else maps. */
type ObjectShape = { readonly fields: ReadonlyMap<string, Shape> } | { readonly values: Shape }

type SchemaJson = string | readonly SchemaJson[] | { readonly [key: string]: SchemaJson }

const LEGAL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

const NOTHING: Shape = { scalars: new Set() }
const only = (scalar: Scalar): Shape => ({ scalars: new Set([scalar]) })
/** One object for each, so that many equal ones are merged at once. */
const SCALAR_SHAPES: Readonly<Record<Scalar, Shape>> = {
  null: only('null'),
  boolean: only('boolean'),
  long: only('long'),
  double: only('double'),
  string: only('string'),
  bytes: only('bytes'),
}

/**
 * A schema for one value, found as hop finds it: integers are longs, other numbers doubles; an object is a record if its values are of many
 * types and a map if they are of few. Unlike hop's it is always valid, and the same for the same value: where several arrays or objects meet
 * they are of one type, empty ones hold nulls, and only objects whose keys Avro allows as names are records.
 */
export function inferSchema(value: Plain): SchemaJson {
  return new SchemaWriter().schema(shapeOf(value))
}

function shapeOf(value: Plain): Shape {
  if (Array.isArray(value)) return { scalars: NOTHING.scalars, items: merged(value.map(shapeOf)) }
  if (value instanceof Map) return { scalars: NOTHING.scalars, object: objectShape(value) }
  return SCALAR_SHAPES[scalarOf(value as Exclude<Plain, readonly Plain[] | ReadonlyMap<string, Plain>>)]
}

function scalarOf(value: null | boolean | number | bigint | string | Uint8Array): Scalar {
  switch (typeof value) {
    case 'boolean':
    case 'string':
      return typeof value as 'boolean' | 'string'
    case 'bigint':
      return 'long'
    case 'number':
      return isWhole(value) ? 'long' : 'double'
    default:
      return value === null ? 'null' : 'bytes'
  }
}

/** hop's rule: more than half as many types as entries make a record. */
function objectShape(object: ReadonlyMap<string, Plain>): ObjectShape {
  const fields = new Map(Array.from(object, ([key, value]) => [key, shapeOf(value)]))
  const types = new Set(Array.from(fields.values(), signature)).size
  const isRecord = types > 1 && types > Math.floor(fields.size / 2) && [...fields.keys()].every(key => LEGAL_NAME.test(key))
  return isRecord ? { fields } : { values: merged([...fields.values()]) }
}

const signature = (shape: Shape): string => JSON.stringify(new SchemaWriter().schema(shape))

function merged(shapes: readonly Shape[]): Shape {
  return shapes.reduce(merge, NOTHING)
}

function merge(a: Shape, b: Shape): Shape {
  if (a === b || b === NOTHING) return a
  if (a === NOTHING) return b
  return {
    scalars: b.scalars.size === 0 || isSubset(b.scalars, a.scalars) ? a.scalars : new Set([...a.scalars, ...b.scalars]),
    items: either(a.items, b.items, merge),
    object: either(a.object, b.object, mergeObjects),
  }
}

/** Records of the same fields stay records; what has other fields makes all of them maps. */
function mergeObjects(a: ObjectShape, b: ObjectShape): ObjectShape {
  if ('fields' in a && 'fields' in b && hasSameKeys(a.fields, b.fields)) {
    return { fields: new Map(Array.from(a.fields, ([key, shape]) => [key, merge(shape, b.fields.get(key) ?? NOTHING)])) }
  }
  return { values: merge(valuesOf(a), valuesOf(b)) }
}

const valuesOf = (object: ObjectShape): Shape => ('fields' in object ? merged([...object.fields.values()]) : object.values)

const hasSameKeys = (a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean =>
  a.size === b.size && [...a.keys()].every(key => b.has(key))

const isSubset = (a: ReadonlySet<Scalar>, b: ReadonlySet<Scalar>): boolean => [...a].every(scalar => b.has(scalar))

const either = <T>(a: T | undefined, b: T | undefined, both: (a: T, b: T) => T): T | undefined =>
  a === undefined ? b : b === undefined ? a : both(a, b)

/** Names the records of one schema as hop does, the innermost first. */
class SchemaWriter {
  #records = 0

  schema({ scalars, items, object }: Shape): SchemaJson {
    const branches: SchemaJson[] = SCALARS.filter(scalar => scalars.has(scalar))
    if (items) branches.push({ type: 'array', items: this.schema(items) })
    if (object) branches.push('fields' in object ? this.#record(object.fields) : { type: 'map', values: this.schema(object.values) })
    return branches.length > 1 ? branches : (branches[0] ?? 'null')
  }

  #record(shapes: ReadonlyMap<string, Shape>): SchemaJson {
    const fields = Array.from(shapes, ([name, shape]) => ({ name, type: this.schema(shape) }))
    return { type: 'record', name: `auto_record${this.#records++}`, fields }
  }
}
