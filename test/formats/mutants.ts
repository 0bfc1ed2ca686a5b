/** What goes wrong on the way: records of every format, damaged at random. */
import fc from 'fast-check'
import type { Delivery, RecordHeader } from '../../src/record.ts'
import { EXPECTED } from './expected.ts'
import { type CorpusRecord, corpus, deliveryOf } from './records.ts'

export const MUTANTS = process.env['IGWN_ALERT_RX_FULL'] === 'true' ? 10_000 : 300

/** Records that can be decoded, by what is read in them; `bare`: without a header. The large one would only slow them down. */
export function seeds(): ReadonlyMap<string, readonly CorpusRecord[]> {
  const byFormat = new Map<string, CorpusRecord[]>()
  for (const record of corpus()) {
    const { payload, format } = record.delivery
    const { refused } = EXPECTED[record.place]!
    if (!payload || payload.length === 0 || payload.length > 20_000 || refused) continue
    const name = format === undefined ? 'bare' : format.toLowerCase()
    byFormat.set(name, [...(byFormat.get(name) ?? []), record])
  }
  return byFormat
}

/** Pieces that mean something in one of the formats. */
const TOKENS = [
  ...['{', '}', '[', ']', '"', ':', ',', '\\', 'null', 'NaN', '-Infinity', '1e999', '0', '-', '9007199254740993', '"__proto__":'],
  ...['\\ud800', '\\u0000', '{"format":"json","content":', '{"format":"avro","content":{"content":1}}', '"url"', '"body"', '"extra":1,'],
  ...['<', '>', '/', '&', ';', '=', "'", '<a>', '</a>', '<a/>', '<__proto__/>', '<constructor x="1"/>', '&lt;', '&#65;', '&#x0;', '&x;'],
  ...['<!--', '-->', '<![CDATA[', ']]>', '<?x y?>', '<?xml version="1.0"?>', '<!DOCTYPE x>', '<!DOCTYPE x [<!ENTITY y "z">]>', 'voe:'],
  ...['KEY: value', ':', '\n', '\r\n', '\u2028', '\u0085', ' ', '\t', '\u00e9', '\u0000', '\u{1f600}'],
  ...['"null"', '"long"', '"bytes"', '{"type":"map","values":[]}', '"items"', '"int"', '"string"', '"fields"', '"name"'],
].map(token => new TextEncoder().encode(token))

const bytes = fc.oneof(
  fc.constantFrom(...TOKENS),
  fc.uint8Array({ minLength: 1, maxLength: 4 }),
  fc.constantFrom([0x80, 0x80, 0x80, 0x80, 0x10], [0xff, 0xff, 0xff, 0xff, 0x0f], [0], [1], [2], [0xff]).map(list => Uint8Array.from(list)),
)

/** Cuts out some bytes and puts others in their place. `at` is a part of the length. */
interface Edit {
  readonly at: number
  readonly cut: number
  readonly put: Uint8Array
}
/** Which leave most records well-formed. */
const harmless = fc.constantFrom(...'aZ09 .-_:é☄').map(letter => new TextEncoder().encode(letter))
// Not more often at the ends, as fast-check would have it.
const part = fc.noBias(fc.integer({ min: 0, max: 999_999 })).map(millionths => millionths / 1_000_000)
const none = fc.constant(new Uint8Array())
const edit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ at: part, cut: fc.constantFrom(0, 1, 2, 5), put: bytes }) },
  { weight: 6, arbitrary: fc.record({ at: part, cut: fc.constantFrom(0, 1), put: harmless }) },
  { weight: 2, arbitrary: fc.record({ at: part, cut: fc.nat(40), put: none }) },
  { weight: 1, arbitrary: fc.record({ at: part, cut: fc.constant(Number.POSITIVE_INFINITY), put: none }) },
)

function edited(value: Uint8Array, { at, cut, put }: Edit): Uint8Array {
  const start = Math.floor(at * value.length)
  return Uint8Array.of(...value.subarray(0, start), ...put, ...value.subarray(Math.min(start + cut, value.length)))
}

export interface Mutant {
  readonly headers: readonly RecordHeader[]
  readonly value: Uint8Array
}

/** One of the records, changed in one to three places; its headers stay. */
export const mutant = (records: readonly CorpusRecord[]): fc.Arbitrary<Mutant> =>
  fc.record({ record: fc.constantFrom(...records), edits: fc.array(edit, { minLength: 1, maxLength: 3 }) }).map(({ record, edits }) => ({
    headers: record.raw.headers,
    value: edits.reduce(edited, record.raw.value!),
  }))

export const mutated = ({ headers, value }: Mutant): Delivery =>
  deliveryOf({ offset: 0, timestamp: 0, size: value.length, key: null, value, headers, hasHeader: () => false, detach: () => {} })
