import { describe, expect, it } from 'vitest'
import { lostOf, subjectOf } from '../../src/cli/demoLines.ts'
import { sampleNight } from '../../src/testing.ts'
import { command } from './child.ts'

const ALERT = /\b((?:MS|TS|S)\d{6}[a-z]+)\s+(EARLYWARNING|PRELIMINARY|INITIAL|UPDATE|RETRACTION)\b/

/** `id type` of each line that names an alert. */
const named = (lines: readonly string[]): string[] =>
  lines.flatMap(line => {
    const [, id, type] = ALERT.exec(line) ?? []
    return id === undefined ? [] : [`${id} ${type}`]
  })

describe('the demonstration', () => {
  it('shows every message of the night, or says that it dropped it and why; ends by itself within 15 s', async () => {
    const child = command(['demo'])
    await expect.poll(child.out, { timeout: 20_000 }).not.toBe('')
    const begun = performance.now()
    const { code, out, err } = await child.ended
    expect(performance.now() - begun).toBeLessThan(15_000)
    expect({ code, err }).toEqual({ code: 0, err: '' })

    const lines = out.split('\n')
    const dropped = lines.filter(line => line.startsWith('~ dropped'))
    const shown = named(lines.filter(line => !line.startsWith('~')))
    const night = sampleNight().map(message => ({ ...message, name: `${subjectOf(message).id} ${subjectOf(message).type}` }))
    expect(named(dropped).sort()).toEqual(
      night
        .filter(({ what }) => what === 'test' || what === 'broken' || what === 'insignificant')
        .map(({ name }) => name)
        .sort(),
    )
    const expected = night.map(({ name }) => name).filter(name => !named(dropped).includes(name))
    expect([...shown].sort()).toEqual([...expected].sort())
    // Order is kept within one topic.
    const production = (names: readonly string[]): string[] => names.filter(name => name.startsWith('S'))
    expect(production(shown)).toEqual(production(expected))
    for (const why of ['a test message', 'not JSON', 'false alarms'])
      expect(
        dropped.some(line => line.includes(why)),
        why,
      ).toBe(true)

    const broken = lines.findIndex(line => /^~ disconnected .*reconnect/.test(line))
    const back = lines.findIndex(line => line.startsWith('~ reconnected'))
    expect(broken).toBeGreaterThan(0)
    expect(back).toBeGreaterThan(broken)
    expect(named(lines.slice(broken, back))).toEqual([])
    expect(named(lines.slice(back)).length).toBeGreaterThan(0)

    expect(out).toContain('10 messages published: 7 alerts shown, 3 dropped as said above, 0 lost.')
    expect(out).toContain('\nNext:\n  igwn-alert-rx topics ')
    expect(lines.every(line => line.length <= 120)).toBe(true)
  }, 60_000)

  it('ends at Ctrl-C, with the exit code of what was not done', async () => {
    const child = command(['demo'])
    await expect.poll(child.out, { timeout: 20_000 }).not.toBe('')
    child.process.kill('SIGINT')
    expect(await child.ended).toMatchObject({ code: 130, err: 'igwn-alert-rx: interrupted\n' })
  })
})

describe('its words', () => {
  it('a message that is neither shown nor dropped is lost', () => expect(lostOf({ published: 10, shown: 6, dropped: 3 })).toBe(1))
})
