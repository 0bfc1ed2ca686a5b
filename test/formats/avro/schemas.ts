import fc from 'fast-check'

/** A schema of Avro's and one value of it, as `readAvro` gives it with bigints. */
export interface AvroCase {
  readonly schema: object
  readonly value: unknown
}

type Json = string | readonly Json[] | { readonly [key: string]: unknown }

/** A type whose names are not given yet, and the values it has. */
interface Type {
  /** @param names gives a name that is new */
  readonly schema: (names: () => string) => Json
  readonly value: fc.Arbitrary<unknown>
  readonly kind: string
}

export const longs: fc.Arbitrary<number | bigint> = fc
  .oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.maxSafeInteger().map(BigInt), fc.bigInt({ min: -200n, max: 200n }))
  .map(value => (Number.isSafeInteger(Number(value)) ? Number(value) : value))

/** Strings that UTF-8 can say. */
export const texts: fc.Arbitrary<string> = fc.string({ unit: 'binary', maxLength: 12 }).filter(text => !/\p{Surrogate}/u.test(text))

const names = fc.oneof(fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,5}$/), fc.constantFrom('__proto__', 'constructor', 'type', 'toString'))
const fieldNames = fc.uniqueArray(names, { maxLength: 5 })

const scalar = (kind: string, value: fc.Arbitrary<unknown>): Type => ({ kind, value, schema: () => kind })

const SCALARS: readonly Type[] = [
  scalar('null', fc.constant(null)),
  scalar('boolean', fc.boolean()),
  scalar('int', fc.integer()),
  scalar('long', longs),
  scalar('float', fc.float()),
  scalar('double', fc.double()),
  scalar('bytes', fc.uint8Array({ maxLength: 12 })),
  scalar('string', texts),
]

const fixed = fc.nat(9).map(
  (size): Type => ({
    kind: 'fixed',
    schema: next => ({ type: 'fixed', name: next(), size }),
    value: fc.uint8Array({ minLength: size, maxLength: size }),
  }),
)
const enumeration = fc.uniqueArray(fc.stringMatching(/^[A-Z][A-Z0-9_]{0,4}$/), { minLength: 1, maxLength: 4 }).map(
  (symbols): Type => ({
    kind: 'enum',
    schema: next => ({ type: 'enum', name: next(), symbols }),
    value: fc.constantFrom(...symbols),
  }),
)

const arrayOf = (items: Type): Type => ({
  kind: 'array',
  schema: next => ({ type: 'array', items: items.schema(next) }),
  value: fc.array(items.value, { maxLength: 4 }),
})
const mapOf = (values: Type): Type => ({
  kind: 'object',
  schema: next => ({ type: 'map', values: values.schema(next) }),
  value: fc.dictionary(fc.oneof(texts, names), values.value, { maxKeys: 4, noNullPrototype: true }),
})
const recordOf = (fields: readonly (readonly [name: string, type: Type])[]): Type => ({
  kind: 'object',
  schema: next => ({ type: 'record', name: next(), fields: fields.map(([name, type]) => ({ name, type: type.schema(next) })) }),
  value: fc.tuple(...fields.map(([, { value }]) => value)).map(values => ownFields(fields.map(([name], i) => [name, values[i]]))),
})
const unionOf = (branches: readonly Type[]): Type => ({
  kind: 'union',
  schema: next => branches.map(branch => branch.schema(next)),
  value: fc.oneof(...branches.map(({ value }) => value)),
})
/** A record that may hold one of its own type: the second use of a name. */
const listOf = (item: Type): Type => ({
  kind: 'object',
  schema: next => {
    const name = next()
    return {
      type: 'record',
      name,
      fields: [
        { name: 'item', type: item.schema(next) },
        { name: 'next', type: ['null', name] },
      ],
    }
  },
  value: fc
    .array(item.value, { minLength: 1, maxLength: 4 })
    .map(items => items.reduceRight<unknown>((rest, it) => ({ item: it, next: rest }), null)),
})

function ownFields(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const [name, value] of entries) {
    Object.defineProperty(fields, name, { value, configurable: true, enumerable: true, writable: true })
  }
  return fields
}

const type: fc.Arbitrary<Type> = fc.letrec<{ type: Type; single: Type }>(tie => ({
  single: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { arbitrary: fc.constantFrom(...SCALARS), weight: 4 },
    { arbitrary: fixed, weight: 1 },
    { arbitrary: enumeration, weight: 1 },
    { arbitrary: tie('type').map(arrayOf), weight: 2 },
    { arbitrary: tie('type').map(mapOf), weight: 2 },
    {
      arbitrary: fieldNames.chain(all => fc.tuple(...all.map(name => tie('type').map(inner => [name, inner] as const)))).map(recordOf),
      weight: 3,
    },
    { arbitrary: tie('type').map(listOf), weight: 1 },
  ),
  type: fc.oneof(
    { arbitrary: tie('single'), weight: 3 },
    // Valid unions: none in one, and of each kind one at most; floats beside integers would be written as the one or the other.
    {
      arbitrary: fc
        .uniqueArray(tie('single'), { minLength: 1, maxLength: 4, selector: ({ kind }) => (kind === 'fixed' ? 'bytes' : kind) })
        .map(unionOf),
      weight: 1,
    },
  ),
})).type

/** Any schema without a union at its root, which Avro allows but nobody writes, and a value of it. */
export const avroCases: fc.Arbitrary<AvroCase> = type.chain(root => {
  let count = 0
  const json = root.schema(() => `${['', 'gw.', 'a.b.'][count % 3]}T${count++}`)
  return root.value.map(value => ({ schema: typeof json === 'string' ? { type: json } : json, value }))
})

/** What hop's AvroBlob and JSON say, and bytes and large integers too. */
export const jsonLike: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { arbitrary: fc.oneof(fc.constant(null), fc.boolean(), longs, fc.double(), texts, fc.uint8Array({ maxLength: 20 })), weight: 3 },
    { arbitrary: fc.array(tie('value'), { maxLength: 5 }), weight: 2 },
    { arbitrary: fc.dictionary(fc.oneof(names, texts), tie('value'), { maxKeys: 6, noNullPrototype: true }), weight: 2 },
  ),
})).value
