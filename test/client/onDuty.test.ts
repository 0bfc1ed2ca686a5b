import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { EXIT } from '../../src/cli/exit.ts'
import { channels, errorCodes, gapReasons, metricNames, statusTypes } from './declared.ts'
import { ClientRig } from './rig.ts'

const page = readFileSync(new URL('../../docs/on-duty.md', import.meta.url), 'utf8')

/** What the rows of the tables of one section begin with: each name in their first cell. */
function rowsOf(section: string): string[] {
  const text = page.split(/^## /m).find(part => part.startsWith(section)) ?? ''
  const rows = text.split('\n').filter(line => line.startsWith('| ') && !line.startsWith('| ---'))
  return rows.flatMap(row => [...(row.split(' | ')[0] ?? '').matchAll(/`([^`]+)`|^\| (\d+)$/g)].map(([, name, code]) => name ?? code!))
}

describe('the page for the operator on duty has a row for', () => {
  test('each type of status$, and says the reasons of a gap', () => {
    expect(statusTypes().length).toBeGreaterThan(10)
    expect(
      rowsOf('`status$`')
        .filter(name => name !== 'type')
        .sort(),
    ).toEqual(statusTypes())
    for (const reason of gapReasons()) expect(page).toContain(`\`${reason}\``)
    expect(gapReasons()).toHaveLength(4)
  })

  test('each code of an AlertError', () => {
    expect(errorCodes().length).toBeGreaterThan(30)
    expect(rowsOf('Error codes').sort()).toEqual(errorCodes())
  })

  test('each number of metrics()', async () => {
    expect(metricNames().length).toBeGreaterThan(15)
    expect(rowsOf('Counters').sort()).toEqual(metricNames())
    const rig = new ClientRig('gracedb.t')
    const client = rig.client()
    client.topic('t').subscribe()
    await rig.settle()
    const { topics, ...own } = client.metrics()
    expect([...Object.keys(own), 'topics', ...Object.keys(topics['gracedb.t']!)].sort()).toEqual(metricNames())
  })

  test('each channel, and each exit code of the command', () => {
    expect(channels()).toHaveLength(2)
    expect(rowsOf('Where to look')).toEqual(expect.arrayContaining(channels()))
    expect(rowsOf('Exit codes').map(Number)).toEqual(Object.values(EXIT))
  })

  it('and is linked from the README', () => {
    expect(readFileSync(new URL('../../README.md', import.meta.url), 'utf8')).toContain('(docs/on-duty.md)')
  })
})
