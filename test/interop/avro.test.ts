import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AlertError } from '../../src/errors.ts'
import { readAvro } from '../../src/formats/avro/readAvro.ts'
import { writeAvro } from '../../src/formats/avro/writeAvro.ts'
import { mutants } from '../formats/avro/mutants.ts'
import { avroCases, jsonLike } from '../formats/avro/schemas.ts'
import { isRefused, type ReadByPeers, type Refused, readWithPeers, writeWithFastavro, writeWithHop } from './avroPeers.ts'

const isFull = process.env['IGWN_ALERT_RX_FULL'] === 'true'
const CASES = isFull ? 5000 : 300
const MUTANTS = isFull ? 10_000 : 500
const TIMEOUT = 600_000

/** Names a failing case in full. */
const shown = (file: Uint8Array): string => Buffer.from(file).toString('base64')

const read = (file: Uint8Array): readonly unknown[] => readAvro(file, { bigints: true })

describe('what we write', () => {
  it(
    'hop and fastavro read as the same value',
    async () => {
      const cases = [
        ...fc.sample(jsonLike, CASES).map(value => ({ value, file: writeAvro(value) })),
        ...fc.sample(avroCases, CASES).map(({ schema, value }) => ({ value, file: writeAvro(value, { schema }) })),
      ]
      const outcomes = await readWithPeers(cases.map(({ file }) => file))
      for (const [i, { value, file }] of cases.entries()) {
        expect(outcomes[i], shown(file)).toEqual({ values: [value], hop: { content: value } })
      }
    },
    TIMEOUT,
  )
})

describe('we read', () => {
  it(
    'what fastavro writes by any schema, in one block or many, deflated or not',
    async () => {
      const cases = fc.sample(avroCases, CASES).map(({ schema }, seed) => ({ schema, seed, codec: seed % 2 ? 'deflate' : 'null' }) as const)
      for (const outcome of await writeWithFastavro(cases)) {
        if (isRefused(outcome)) throw new Error(outcome.refused)
        expect(read(outcome.file), shown(outcome.file)).toEqual(outcome.values)
      }
    },
    TIMEOUT,
  )

  it(
    'what hop writes of any value, as hop does',
    async () => {
      const files = (await writeWithHop(fc.sample(jsonLike, CASES))).filter(outcome => outcome instanceof Uint8Array)
      expect(files.length).toBeGreaterThan(CASES / 2)
      const outcomes = await readWithPeers(files)
      for (const [i, file] of files.entries()) {
        const outcome = outcomes[i]!
        if (isRefused(outcome)) throw new Error(`${outcome.refused}: ${shown(file)}`)
        expect(read(file), shown(file)).toEqual(outcome.values)
      }
    },
    TIMEOUT,
  )
})

type Reason = readonly [said: RegExp, why: string]

/** What fastavro reads and we refuse: our error, and why. */
const WE_REFUSE: readonly Reason[] = [
  [/expected 4f 62 6a 01/, 'it does not look at the first four bytes'],
  [/bytes more after \d+ records/, 'it leaves what follows the last record of a block unread'],
  [/expected a boolean, 0 or 1/, 'any byte but 0 is true for it; for Java, any byte but 1 is false'],
  [/integer of more than 64 bits/, 'it takes the lower 64 bits, or goes on'],
  [/got the number -\d+, expected one of/, "Python's lists count from the end below 0"],
  [/got a block of -\d+ records/, 'a range below 0 is empty in Python'],
  [
    /got a block that ends here|as the length of a block|got a block of \d+ bytes/,
    'it does not look at the sizes of the blocks of arrays and maps',
  ],
  [/expected 1 more: an integer$/, 'it takes a number that is cut at the end of the file for the end of the blocks'],
  [/is not deflate data: (the data end too early|\d+ bytes follow its end)/, 'it takes what zlib has until there, and leaves the rest'],
  [/as the size of a fixed type|as the symbols of an enum|as a namespace/, 'it does not look at parts of a schema that no value needs'],
  [/expected at most limits\.|deeper than limits\.|expected at most 16777216$/, 'it has no bounds'],
]

/** What we read and fastavro refuses: its exception, and why. */
const THEY_REFUSE: readonly Reason[] = [
  [/^UnicodeDecodeError/, 'it decodes all metadata as text, we those that we know'],
  [/^SchemaParseException: Every symbol must match/, 'it checks the names of symbols, though of no fields'],
  [
    /^SchemaParseException: (All symbols in an enum must be unique|Default value)/,
    'it checks symbols and defaults, which do not change what the bytes mean',
  ],
  [/^UnknownType: \{|unhashable type/, 'we read a type within a type'],
]

describe('mutants of files', () => {
  it(
    'are read alike by fastavro and us, or one of us has a reason',
    async () => {
      const files = fc.sample(mutants, MUTANTS)
      const outcomes = await readWithPeers(files)
      expect(outcomes.filter(isRefused).length).toBeGreaterThan(MUTANTS / 10)
      const differences = files.map((file, i) => difference(file, outcomes[i]!)).filter(text => text !== undefined)
      expect(differences).toEqual([])
    },
    TIMEOUT,
  )
})

/** Undefined: none, or one with a reason. */
function difference(file: Uint8Array, theirs: ReadByPeers | Refused): string | undefined {
  const ours = ourOutcome(file)
  if (isRefused(ours)) {
    const isKnown = isRefused(theirs) || WE_REFUSE.some(([error]) => error.test(ours.refused))
    return isKnown ? undefined : `we refuse: ${ours.refused}: ${shown(file)}`
  }
  if (isRefused(theirs)) {
    const isKnown = THEY_REFUSE.some(([exception]) => exception.test(theirs.refused))
    return isKnown ? undefined : `they refuse: ${theirs.refused}: ${shown(file)}`
  }
  expect(ours.values, shown(file)).toEqual(theirs.values)
  return undefined
}

function ourOutcome(file: Uint8Array): { readonly values: readonly unknown[] } | Refused {
  try {
    return { values: read(file) }
  } catch (error) {
    if (error instanceof AlertError) return { refused: error.message }
    throw error
  }
}
