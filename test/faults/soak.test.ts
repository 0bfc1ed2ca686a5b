import { randomInt } from 'node:crypto'
import { expect, it } from 'vitest'
import { figure } from './support/figures.ts'
import { FAULTLESS } from './support/ledger.ts'
import { length } from './support/length.ts'
import { moreThan } from './support/Soaked.ts'
import { soak } from './support/soak.ts'
import { soakAsText } from './support/soakText.ts'

const MINUTES = length({ short: 2, full: 5 })
const MB = 1_000_000

it(`${MINUTES} minutes of random faults: nothing is lost, memory and handles stay`, async () => {
  const seed = randomInt(1 << 30)
  const said: string[] = []
  const result = await soak({ minutes: MINUTES, seed, say: line => said.push(line) })
  for (const [what, value] of soakAsText(result)) figure('soak', `${MINUTES} minutes: ${what}`, value)

  const because = `seed ${seed}, faults: ${said.join('; ')}`
  expect(result.read, because).toMatchObject(FAULTLESS)
  expect(result.grouped, because).toMatchObject({ lost: [] })
  expect(result.written, because).toMatchObject(FAULTLESS)
  expect(result.failures, because).toEqual([])
  expect(result.growth.heap.perMinute, because).toBeLessThan(MB)
  expect(moreThan(result.handles.atStart, result.handles.atEnd), because).toEqual([])
  expect(moreThan(result.left.before, result.left.after), because).toEqual([])
  expect(result.endedWell, because).toBe(true)
})
