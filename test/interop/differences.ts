/** Where we read what hop refuses, or the reverse: each with its reason. */
import { text } from '../formats/expected.ts'
import type { Mutant } from '../formats/mutants.ts'
import { corpus } from '../formats/records.ts'

/** What became of a record: its content, in the form of `plain`, or why there is none. */
export interface Outcome {
  readonly content?: unknown
  readonly refused?: string
}

const bits = new DataView(new ArrayBuffer(8))

/** Numbers by their digits or bits, bytes as base64: the form in which Python's values and ours can be compared. */
export function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return { n: String(value) }
  if (typeof value === 'number') return { n: number(value) }
  if (value instanceof Uint8Array) return { b: Buffer.from(value).toString('base64') }
  if (Array.isArray(value)) return { l: value.map(plain) }
  if (typeof value !== 'object' || value === null) return value
  return { d: Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)])) }
}

function number(value: number): string {
  if (Number.isSafeInteger(value)) return String(value === 0 ? 0 : value)
  if (Number.isNaN(value)) return 'NaN'
  bits.setFloat64(0, value)
  return bits.getBigUint64(0).toString(16).padStart(16, '0')
}

export interface Difference {
  readonly reason: string
  /** Of the header; undefined: none. */
  readonly format: string | undefined
  /** Who reads what the other refuses. */
  readonly reads: 'hop' | 'we'
  /** Where it shows. */
  readonly example: string | Uint8Array
  /** By the words of whoever refuses it. */
  readonly refusal: RegExp
  /** What more it takes. */
  readonly value?: RegExp
}

/** hop's sample of Avro: a record of one block. */
const AVRO = corpus().find(({ place }) => place === 'interop.formats[0]@26')!.raw.value!
const SYNC_BYTES = 16
const BLOCK_BYTES = 56

/** One byte more before the sync marker; the size of the block says so. */
function withMoreInItsBlock(): Uint8Array {
  const end = AVRO.length - SYNC_BYTES
  const longer = Uint8Array.of(...AVRO.subarray(0, end), 0, ...AVRO.subarray(end))
  return changed(longer, end - BLOCK_BYTES - 1, (BLOCK_BYTES + 1) * 2)
}

/** A file of one array, whose block says that it has a byte more than its one item. */
function withShortArrayBlock(): Uint8Array {
  const schema = '{"type":"array","items":"long"}'
  const length = (size: number): number => size * 2
  const sync = new Uint8Array(SYNC_BYTES)
  const header = [...text('Obj\u0001'), length(1), length(11), ...text('avro.schema'), length(schema.length), ...text(schema), 0, ...sync]
  const array = [0x01, length(2), 0x02, 0]
  return Uint8Array.of(...header, length(1), length(array.length), ...array, ...sync)
}

/** A copy with another byte. */
const changed = (bytes: Uint8Array, at: number, byte: number): Uint8Array => bytes.with(at < 0 ? bytes.length + at : at, byte)

export const DIFFERENCES: readonly Difference[] = [
  {
    reason: 'a document type declaration could define entities: we read none, hop refuses only the entities',
    format: 'voevent',
    reads: 'hop',
    example: '<!DOCTYPE x><voe:VOEvent ivorn="i"/>',
    refusal: /got a document type declaration/,
  },
  {
    reason: 'an encoding that Python knows and browsers do not',
    format: 'voevent',
    reads: 'hop',
    example: '<?xml version="1.0" encoding="cp437"?><voe:VOEvent ivorn="i"/>',
    refusal: /bytes are not [\w.-]+ text$/,
    value: /encoding/,
  },
  {
    reason: 'names may hold more letters since the fifth edition of XML 1.0; hop has a parser of the fourth',
    format: 'voevent',
    reads: 'we',
    example: '<voe:VOEvent ivorn="i"><Who><\u{1f600}/></Who></voe:VOEvent>',
    refusal: /^ExpatError: not well-formed/,
    value: /[\u0080-\u{10ffff}]/u,
  },
  {
    reason: 'the type of a VOEvent says that ivorn, role and version are text; hop passes on whatever they are',
    format: 'voevent',
    reads: 'hop',
    example: '<voe:VOEvent ivorn="i"><role/><role/></voe:VOEvent>',
    refusal: /its (?:ivorn|role|version) is no text/,
  },
  {
    reason: 'the same of a VOEvent in an old envelope',
    format: undefined,
    reads: 'hop',
    example: '{"format": "voevent", "content": {"ivorn": "i", "version": 2}}',
    refusal: /its (?:ivorn|role|version) is no text/,
  },
  {
    reason: 'the same of a circular in one',
    format: undefined,
    reads: 'hop',
    example: '{"format": "circular", "content": {"header": {"number": 40}, "body": ""}}',
    refusal: /not a circular: its (?:body|header)/,
  },
  {
    reason: 'hop makes XML of an old VOEvent in JSON again, and refuses what it cannot say; we need none',
    format: 'voevent',
    reads: 'we',
    example: '{"ivorn": "i", "Who": {"a b": 1}}',
    refusal: /^ExpatError: not well-formed \(invalid token\): line 1, column 0/,
    value: /^\s*\{/,
  },
  {
    reason: 'the type of a circular says that it is text; hop passes on whatever it is',
    format: 'circular',
    reads: 'hop',
    example: '{"header": {"number": 40}, "body": null}',
    refusal: /not a circular: its (?:body|header)/,
  },
  {
    reason: 'an address is text; hop finds out when it asks for it',
    format: 'external',
    reads: 'hop',
    example: '{"url": 1}',
    refusal: /expected \{ url: '...' \} and no more/,
    value: /"url"/,
  },
  {
    reason: 'we bound the nesting (limits.jsonDepth, 500); Python has its stack, some 1000',
    format: 'json',
    reads: 'hop',
    example: '['.repeat(600) + ']'.repeat(600),
    refusal: /arrays and objects nest deeper than 500$/,
  },
  {
    reason: 'a JSON object with a format that is no name is no envelope of hop: it only has such a field',
    format: undefined,
    reads: 'we',
    example: '{"format": 1, "content": 2}',
    refusal: /^AttributeError: '\w+' object has no attribute 'upper'/,
  },
  {
    reason: 'the first four bytes say that it is Avro, and hop does not look at them',
    format: 'avro',
    reads: 'hop',
    example: changed(AVRO, 0, 0x6f),
    refusal: /expected 4f 62 6a 01: 'Obj' and 1/,
  },
  {
    reason: 'bytes that belong to no value are damage; hop passes over them',
    format: 'avro',
    reads: 'hop',
    example: withMoreInItsBlock(),
    refusal: /bytes more after \d+ records, expected the end of the block/,
  },
  {
    reason: 'a block of an array is as long as it says; hop does not look at that',
    format: 'avro',
    reads: 'hop',
    example: withShortArrayBlock(),
    refusal: /got a block that ends here, expected its end at byte/,
  },
  {
    reason: 'a boolean is 0 or 1; to hop every other byte is true as well',
    format: 'avro',
    reads: 'hop',
    example: changed(AVRO, -SYNC_BYTES - 3, 2),
    refusal: /expected a boolean, 0 or 1/,
  },
]

export const reasonFor = (format: string, { value }: Mutant, here: Outcome, there: Outcome): string | undefined =>
  DIFFERENCES.find(known => known.format === (format === 'bare' ? undefined : format) && isSeen(known, value, here, there))?.reason

export function isSeen({ reads, refusal, value: pattern }: Difference, value: Uint8Array, here: Outcome, there: Outcome): boolean {
  const [reader, refuser] = reads === 'we' ? [here, there] : [there, here]
  const looksSo = pattern?.test(new TextDecoder().decode(value)) ?? true
  return looksSo && reader.refused === undefined && refuser.refused !== undefined && refusal.test(refuser.refused)
}
