import { expect, it, test } from 'vitest'
import { failure, finding, summaryOf, textOf } from '../../src/doctor/finding.ts'
import { AlertError, ConfigError } from '../../src/errors.ts'

test('one line, without what a terminal would obey', () => {
  expect(finding('tls', 'failed', 'CN=\u001b[31mred\r\n  next', { mend: 'a\n\n  b', subject: 'x' })).toEqual({
    check: 'tls',
    ok: 'failed',
    subject: 'x',
    what: 'CN=\ufffd[31mred next',
    mend: 'a b',
  })
  expect(Object.keys(finding('name', 'ok', 'fine'))).toEqual(['check', 'ok', 'what'])
})

test.each([
  [new ConfigError('wrong', { mend: 'Mend it' }), 'wrong', 'Mend it'],
  [new AlertError('ALERT_CONNECTION', 'closed', { hint: 'SASL?' }), 'closed (SASL?)', undefined],
  [new TypeError('ours'), 'ours', undefined],
])('an error as a failure: %s', (error, what, mend) =>
  expect(failure('sasl', error)).toMatchObject({ ok: 'failed', what, ...(mend && { mend }) }),
)

test('an error whose mend is not at its end keeps its text', () => {
  const error = new AlertError('ALERT_CONFIG', 'a', { mend: 'b' })
  error.message = 'changed'
  expect(textOf(error)).toBe('changed')
})

it('sums up', () => {
  const all = [
    finding('name', 'ok', ''),
    finding('topic', 'failed', ''),
    finding('topic', 'failed', ''),
    finding('tcp', 'warning', ''),
    finding('group', 'failed', ''),
    finding('clock', 'unknown', ''),
    finding('limits', 'skipped', ''),
  ]
  expect(summaryOf(all)).toEqual({
    ok: false,
    counts: { ok: 1, warning: 1, failed: 3, unknown: 1, skipped: 1 },
    failed: ['topic', 'group'],
    what: 'failed: topic, group; 1 warning; 1 not looked at',
  })
  expect(summaryOf([finding('name', 'ok', '')])).toMatchObject({ ok: true, failed: [], what: 'nothing stands in the way' })
})
