/** What the Python command gets wrong where it prints. */
import { describe, expect, it } from 'vitest'
import { printAlerts } from '../../src/cli/listen.ts'
import { ClientRig } from '../client/rig.ts'

const header = (name: string, value: string): { name: string; value: Uint8Array } => ({ name, value: new TextEncoder().encode(value) })

describe('pretty printing (`listen -j`) crashes at a dict, a str that is no JSON and a blob: traceback, exit code 1, the alert lost', () => {
  const values: readonly (readonly [string | Uint8Array | null, format?: string])[] = [
    ['{"uid": "S1"}', 'json'],
    [JSON.stringify('{"uid": "S1"}'), 'json'],
    ['"hello"', 'json'],
    ['hello'],
    [Uint8Array.of(255, 0), 'blob'],
    [null, 'json'],
  ]

  it.each([{}, { json: true }, { jsonpp: true }, { json: true, jsonpp: true }])(
    'here: all are printed with %j, but for a tombstone, and none fails',
    async flags => {
      const rig = new ClientRig('gracedb.t')
      for (const [value, format] of values) rig.log.append('gracedb.t', { value, headers: format ? [header('_format', format)] : [] })
      const printed: string[] = []
      const output = { line: async (text: string) => void printed.push(text), say() {}, style: (_style: unknown, text: string) => text }
      const done = printAlerts(rig.client({ from: 'earliest', untilEnd: true }).topic('t'), output, flags)
      await rig.clock.advance(10_000)
      await done
      expect(printed).toHaveLength(values.length - 1)
      expect(rig.said('failed')).toEqual([])
    },
  )
})
