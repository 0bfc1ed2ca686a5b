import { describe, expect, it, test } from 'vitest'
import { lineOf, skippedLines } from '../../src/cli/doctor.ts'
import { CHECKS } from '../../src/doctor/finding.ts'
import type { Finding } from '../../src/index.ts'
import { closedPort } from '../bed/ports.ts'
import { run } from '../cli/child.ts'

const plain = { style: (_: unknown, text: string) => text }
const marked = { style: (style: unknown, text: string) => `<${String(style)}>${text}</>` }
const failed: Finding = { check: 'tcp', ok: 'failed', what: 'refused', mend: 'Check the port' }

describe('a line', () => {
  it('has words where nobody looks at it, symbols and colours on a terminal', () => {
    expect(lineOf(failed, plain, false)).toBe('failed  tcp          refused. Check the port')
    expect(lineOf(failed, marked, true)).toBe('<red>✗</> tcp          refused. <bold>Check the port</>')
    expect(lineOf({ check: 'name', ok: 'ok', what: 'fine' }, plain, true)).toBe('✓ name         fine')
  })

  it('speaks of flags, not of options', () => {
    const mend = 'Create it, or pass username and password, or noauth: true for an unauthenticated session'
    expect(lineOf({ ...failed, mend }, plain, false)).toContain('Create it, or --no-auth for')
  })

  it('tells all that was skipped for one reason', () => {
    const skipped = (check: Finding['check'], what: string): Finding => ({ check, ok: 'skipped', what })
    expect(skippedLines([skipped('tls', 'a'), skipped('kafka', 'a'), skipped('limits', 'b')], plain, false)).toEqual([
      'skipped tls, kafka   a',
      'skipped limits       b',
    ])
    expect(skippedLines([], plain, false)).toEqual([])
  })
})

describe('the command', () => {
  it('exits with 1 where something failed: lines on stdout, the sum on stderr', async () => {
    const port = await closedPort()
    const { code, out, err } = await run(['--no-auth', '-s', `kafka://127.0.0.1:${port}/`, 'doctor', 'superevent'])
    expect({ code, err }).toEqual({ code: 1, err: 'igwn-alert-rx: failed: tcp; 7 not looked at\n' })
    expect(out.split('\n').slice(2)).toEqual([
      'ok      name         127.0.0.1 is an address',
      `failed  tcp          port ${port}: 127.0.0.1 refuses connections. Nobody listens there: check the server and its port`,
      'skipped tls, kafka, sasl, brokers, topic, limits, clock  not looked at, since this failed: tcp',
      '',
    ])
  })

  it('with --json: an object a line', async () => {
    const { code, out } = await run(['doctor', '--json', '--no-auth', '-c', 'g', '-s', `kafka://127.0.0.1:${await closedPort()}/`])
    expect(code).toBe(1)
    const findings = out
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Finding)
    expect(findings.map(({ check }) => check)).toEqual(CHECKS)
  })

  test.each([
    [['doctor', '--no-auth', 'super event'], "Not a topic's name: 'super event'"],
    [['doctor', '--jsn'], "unknown option '--jsn'"],
  ])('exits with 2 for wrong usage: %j', async (args, text) => {
    const { code, out, err } = await run(args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(text)
  })
})
