/** Whoever may publish can send anything: no message ends `listen`, none reaches the terminal as anything but text. */
import { expect, it, onTestFinished, vi } from 'vitest'
import { printAlerts } from '../../src/cli/listen.ts'
import { consoleLogger } from '../../src/index.ts'
import { ClientRig } from '../client/rig.ts'

const DEPTH = 100_000
const HOSTILE: readonly { readonly value: string; readonly format?: string; readonly timestamp?: number }[] = [
  { value: `{"a":${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}}`, format: 'json' },
  { value: JSON.stringify({ header: {}, body: '', '\u001b]0;mine\u0007\n\u009b31m': 1 }), format: 'circular' },
  { value: '"of no date"', timestamp: 9e15 },
  { value: '"of no date"', timestamp: -9e18 },
]

it.each([{}, { json: true }, { jsonpp: true }])('%j: what follows a hostile message is printed', async flags => {
  const said: string[] = []
  const spy = vi.spyOn(console, 'error').mockImplementation(line => said.push(String(line)))
  onTestFinished(() => spy.mockRestore())
  const rig = new ClientRig('gracedb.t')
  for (const { value, format, timestamp } of HOSTILE) {
    rig.log.append('gracedb.t', { value, timestamp, headers: format ? [{ name: '_format', value: format }] : [] })
  }
  rig.append('gracedb.t', 'good')
  const printed: string[] = []
  const output = { line: async (text: string) => void printed.push(text), say() {}, style: (_style: unknown, text: string) => text }
  const done = printAlerts(rig.client({ from: 'earliest', untilEnd: true, logger: consoleLogger }).topic('t'), output, flags)
  await rig.clock.advance(10_000)
  await done
  expect(printed).toHaveLength(3)
  expect(printed.at(-1)).toContain('"good"')
  expect(said).toHaveLength(2)
  for (const line of said) expect(line).toMatch(/^igwn-alert-rx: gracedb\.t\[0\]@[01] failed: \P{Cc}+$/u)
})

it('what cannot be said in a text is reported and not counted', async () => {
  const rig = new ClientRig('gracedb.t')
  rig.append('gracedb.t', 'too long', 'good')
  const printed: string[] = []
  const style = (_style: unknown, text: string): string => {
    if (text.endsWith('@0')) throw new RangeError('Invalid string length')
    return text
  }
  const output = { line: async (text: string) => void printed.push(text), say() {}, style }
  const done = printAlerts(rig.client({ from: 'earliest' }).topic('t'), output, { count: 1 })
  await rig.clock.advance(10_000)
  await done
  expect(printed).toEqual([expect.stringContaining('"good"')])
  expect(rig.said('failed')).toMatchObject([{ offset: 0, error: { message: 'Invalid string length' } }])
})
