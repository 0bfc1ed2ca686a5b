import { describe, expect, test } from 'vitest'
import { parseNetrc } from '../../src/auth/netrc.ts'
import { ConfigError } from '../../src/errors.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { NETRC_ANSWERS, type NetrcAnswer } from './netrcAnswers.ts'
import { configError } from './thrown.ts'

const FILE = '/home/me/.netrc'

function answerOf(text: string): NetrcAnswer {
  try {
    return Object.fromEntries([...parseNetrc(text, FILE)].map(([name, { login, account, password }]) => [name, [login, account, password]]))
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return 'error'
  }
}

test.each(NETRC_ANSWERS)('as Python: %j', (text, expected) => {
  expect(answerOf(text)).toEqual(expected)
})

describe('an error says the line, never the text', () => {
  test.each([
    ['a word where an entry begins', `# mine\n\n${'z9'.repeat(6)}`, 3, "'machine', 'default' or 'macdef' is expected"],
    [
      'a word where a field is expected',
      `machine h\nlogin a\npassword "b" ${'z9'.repeat(6)}`,
      3,
      "'login', 'password', 'account' or the next 'machine' is expected",
    ],
    [
      'a password with a space',
      `machine h\nlogin a\npassword b ${'z9'.repeat(6)}\n`,
      3,
      'Put a password with spaces or quotes in it in "..."',
    ],
    ['a machine without a name', 'machine h login a password b\nmachine', 2, "'machine' without a name"],
    ['a macro without an end', 'macdef init\ncd /pub', 1, 'without the empty line that ends it'],
    ['a comment without its space', `#${'z9'.repeat(6)} is the password`, 1, "A comment begins with '# '"],
  ])('%s', async (_, text, line, expected) => {
    const error = await configError(() => parseNetrc(text, FILE))
    expect(error.message).toContain(`${FILE}: line ${line}: `)
    expect(error.message).toContain(expected)
    expectNoSecret('z9'.repeat(6), error)
  })
})

test('a password with all kinds of characters, in quotes', () => {
  const quoted = CANARY.replaceAll('\\', '\\\\').replaceAll('"', '\\"')
  expect(parseNetrc(`machine h login a password "${quoted}"`, FILE).get('h')?.password).toBe(CANARY)
})
