import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { ByteSource } from '../../../src/formats/avro/ByteSource.ts'
import { Place } from '../../../src/formats/avro/place.ts'
import { writeAvro } from '../../../src/formats/avro/writeAvro.ts'
import { block, header, items, join, long, real, text } from './bytes.ts'
import { corpus } from './corpus.ts'
import { avroCases, jsonLike } from './schemas.ts'

/** Numbers as Avro writes them that were often the end of a reader. */
const NUMBERS = [0, -1, 1, 127, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 32, 1e12, 2n ** 62n, -(2n ** 62n), 2n ** 63n - 1n, -(2n ** 63n)].map(
  long,
)

const deflated = join(
  header({ schema: { type: 'array', items: ['null', 'string', 'double'] }, metadata: { 'avro.codec': 'deflate' } }),
  block(1, deflateRawSync(items(...Array.from({ length: 50 }, () => join([2], text('gravité'))), join([4], real(1e-9, 64)), [0]))),
)

const whole: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.constantFrom(...corpus().map(({ bytes }) => bytes), deflated),
  jsonLike.map(value => writeAvro(value)),
  avroCases.map(({ schema, value }) => writeAvro(value, { schema })),
)

type Change = (bytes: Uint8Array) => Uint8Array

/** `at` is taken from the end as often as from the start: that is where the values are. */
const change: fc.Arbitrary<Change> = fc
  .record({
    at: fc.nat(2 ** 31),
    kind: fc.constantFrom('flip', 'set', 'cut', 'put', 'number', 'truncate', 'double'),
    bit: fc.nat(7),
    byte: fc.nat(255),
    length: fc.nat(5),
    number: fc.constantFrom(...NUMBERS),
  })
  .map(
    ({ at, kind, bit, byte, length, number }): Change =>
      bytes => {
        const place = bytes.length === 0 ? 0 : at % bytes.length
        const [before, after] = [bytes.subarray(0, place), bytes.subarray(place + 1)]
        switch (kind) {
          case 'flip':
            return join(before, [(bytes[place] ?? 0) ^ (1 << bit)], after)
          case 'set':
            return join(before, [byte], after)
          case 'cut':
            return join(before, bytes.subarray(place + length))
          case 'put':
            return join(
              before,
              Array.from({ length }, () => byte),
              bytes.subarray(place),
            )
          case 'number':
            return join(before, number, after)
          case 'truncate':
            return before
          default:
            return join(before, bytes.subarray(Math.max(0, place - length * 8), place), bytes.subarray(place))
        }
      },
  )

const changes = fc.array(change, { minLength: 1, maxLength: 3 })
const changed = (bytes: Uint8Array, all: readonly Change[]): Uint8Array => all.reduce((mutant, apply) => apply(mutant), bytes)

/** Anywhere, which mostly breaks the frame. */
const ofFile = fc.tuple(whole, changes).map(([bytes, all]) => changed(bytes, all))

/** In the values alone: lengths and sync markers around them are right. */
const ofData = fc.tuple(whole, changes).map(([bytes, all]) => {
  const { metadata, data } = partsOf(bytes)
  return join(header({ metadata }), block(1, changed(data, all)))
})

const WORDS = [
  '"null"',
  '"boolean"',
  '"int"',
  '"long"',
  '"float"',
  '"double"',
  '"bytes"',
  '"string"',
  '"T0"',
  '[]',
  '"array"',
  '"map"',
  '"',
  '{',
  ']',
]

/** One word of the schema is another, or is gone. */
const ofSchema = fc.tuple(whole, fc.nat(), fc.constantFrom('', ...WORDS)).map(([bytes, at, word]) => {
  const { metadata, data } = partsOf(bytes)
  const words = metadata['avro.schema']?.match(/"[^"]*"|\d+|./g) ?? []
  words[at % words.length] = word
  return join(header({ metadata: { ...metadata, 'avro.schema': words.join('') } }), block(1, data))
})

/** Avro files with one to three faults, or none. */
export const mutants: fc.Arbitrary<Uint8Array> = fc.oneof(ofFile, { arbitrary: ofData, weight: 2 }, ofSchema)

/** A file of one block, taken apart. */
function partsOf(file: Uint8Array): { readonly metadata: Readonly<Record<string, string>>; readonly data: Uint8Array } {
  const source = new ByteSource(file, new Place(), { start: 4 })
  const metadata: Record<string, string> = {}
  for (let count = Number(source.long()); count > 0; count--) metadata[source.string()] = source.string()
  source.long()
  source.view(16, 'the sync marker')
  source.long()
  return { metadata, data: source.bytes('the block') }
}
