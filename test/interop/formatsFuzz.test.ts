import fc from 'fast-check'
import { decodePayload } from 'igwn-alert-rx'
import { describe, expect, it } from 'vitest'
import { startPython } from '../bed/peers.ts'
import { MUTANTS, type Mutant, mutant, mutated, seeds } from '../formats/mutants.ts'
import { DIFFERENCES, isSeen, type Outcome, plain, reasonFor } from './differences.ts'

function ours(damaged: Mutant): Outcome {
  try {
    return { content: plain(decodePayload(mutated(damaged), { bigints: true })) }
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) }
  }
}

const base64 = (bytes: Uint8Array | null): string | null => bytes && Buffer.from(bytes).toString('base64')

/** What hop makes of each, in one process. */
async function theirs(all: readonly Mutant[]): Promise<readonly Outcome[]> {
  const lines = all.map(({ headers, value }) =>
    JSON.stringify({ headers: headers.map(({ name, value: bytes }) => [name, base64(bytes)]), value: base64(value) }),
  )
  const program = await startPython<Outcome>('hop_decode.py', {}, { input: `${lines.join('\n')}\n`, timeoutMs: 500_000 })
  const { lines: outcomes, code, stderr } = await program.result
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return outcomes
}

describe.each([...seeds()])('damaged: %s', (format, records) => {
  it(`is read, or refused, as hop does, ${MUTANTS} times`, { timeout: 600_000 }, async () => {
    const all = fc.sample(mutant(records), MUTANTS)
    const peers = await theirs(all)
    expect(peers).toHaveLength(all.length)
    const strange = all.flatMap((damaged, nth) => {
      const [here, there] = [ours(damaged), peers[nth]!]
      const isSame = here.refused === undefined ? there.refused === undefined && same(here, there) : there.refused !== undefined
      return isSame || reasonFor(format, damaged, here, there) !== undefined ? [] : [{ ...damaged, here, there }]
    })
    expect(strange.slice(0, 5).map(shown)).toEqual([])
  })
})

describe('a known difference', () => {
  it('is one still, each of them', async () => {
    const utf8 = new TextEncoder()
    const examples = DIFFERENCES.map(
      ({ format, example }): Mutant => ({
        headers: format === undefined ? [] : [{ name: '_format', value: utf8.encode(format) }],
        value: typeof example === 'string' ? utf8.encode(example) : example,
      }),
    )
    const peers = await theirs(examples)
    DIFFERENCES.forEach((known, nth) => {
      const [here, there] = [ours(examples[nth]!), peers[nth]!]
      expect({ here, there, seen: isSeen(known, examples[nth]!.value, here, there) }, known.reason).toMatchObject({ seen: true })
    })
  })
})

const same = (a: Outcome, b: Outcome): boolean => JSON.stringify(sorted(a.content)) === JSON.stringify(sorted(b.content))

/** The order of fields says nothing. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).map(([name, field]) => [name, sorted(field)] as const)
  return fields.sort(([a], [b]) => (a < b ? -1 : 1))
}

const shown = ({ value, here, there }: Mutant & { readonly here: Outcome; readonly there: Outcome }): object => ({
  value: Buffer.from(value).toString('latin1').slice(0, 1_500),
  here: JSON.stringify(here).slice(0, 500),
  there: JSON.stringify(there).slice(0, 500),
})
