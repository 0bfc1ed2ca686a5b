import { expect, test } from 'vitest'
import { type Candidate, selectAuth } from '../../src/auth/select.ts'
import { configError } from './thrown.ts'

const of = (username: string, hostname = ''): Candidate => ({ username, hostname })
const FROM = '/home/me/.config/hop/auth.toml'

test.each<[string, Candidate[], string, string | undefined, number]>([
  ['the only one, for any host', [of('a')], 'h:1', undefined, 0],
  ['the same text', [of('a', 'h:1'), of('b', 'h:2')], 'h:2', undefined, 1],
  ['the same text without a port', [of('a', 'g'), of('b', 'h')], 'h', undefined, 1],
  ['no port in the credential means 9092', [of('a', 'g'), of('b', 'h')], 'h:9092', undefined, 1],
  ['no port in the address means 9092', [of('a', 'h:1'), of('b', 'h:9092')], 'h', undefined, 1],
  ['its own host wins over any', [of('a'), of('b', 'h'), of('c')], 'h:9092', undefined, 1],
  ['any host serves where no host fits', [of('a', 'g'), of('b')], 'h:9092', undefined, 1],
  ['by user', [of('a', 'h'), of('b', 'h')], 'h:9092', 'b', 1],
  ['by user, for any host', [of('a', 'h'), of('b')], 'h:9092', 'b', 1],
  ["another user's exact host does not count", [of('a', 'h'), of('b'), of('a')], 'h:9092', 'b', 1],
  ['IPv6 with its port', [of('a', '[::1]:9093'), of('b')], '[::1]:9093', undefined, 0],
  ['IPv6 without a port', [of('a', '[::1]'), of('b')], '[::1]:9092', undefined, 0],
  ['IPv6, another port', [of('a', '[::1]'), of('b')], '[::1]:9093', undefined, 1],
])('%s', (_, candidates, address, username, index) => {
  expect(selectAuth(candidates, address, username, FROM)).toBe(candidates[index])
})

test.each<[string, Candidate[], string, string | undefined, string]>([
  ['an empty list', [], 'h:9092', undefined, `No matching credential found for hostname 'h:9092'. ${FROM} holds no credentials`],
  [
    'another port',
    [of('alice', '127.0.0.1')],
    '127.0.0.1:39096',
    undefined,
    `No matching credential found for hostname '127.0.0.1:39096'. ${FROM} holds (a hostname without a port is for port 9092):\n  alice for 127.0.0.1`,
  ],
  [
    'another user',
    [of('alice', 'h'), of('bob')],
    'h:9092',
    'carol',
    `No matching credential found for hostname 'h:9092' with username 'carol'. ${FROM} holds (a hostname without a port is for port 9092):\n  alice for h\n  bob which has no associated hostname`,
  ],
  ['texts are compared as they are', [of('alice', 'H')], 'h', undefined, "No matching credential found for hostname 'h'"],
  ['a URL is no host', [of('alice', 'kafka://h/')], 'h:9092', undefined, "No matching credential found for hostname 'h:9092'"],
  ['a prefix is no host', [of('alice', 'h.invalid')], 'h:9092', undefined, "No matching credential found for hostname 'h:9092'"],
])('none fits: %s', async (_, candidates, address, username, text) => {
  expect((await configError(() => selectAuth(candidates, address, username, FROM))).message).toContain(text)
})

test('two for the host: the candidates and how to choose', async () => {
  const { message } = await configError(() => selectAuth([of('alice', 'h'), of('bob', 'h:9092'), of('c')], 'h:9092', undefined, FROM))
  expect(message).toBe(
    `Ambiguous credentials found for hostname 'h:9092' with no username specified
Matched credentials in ${FROM}:
  alice for h
  bob for h:9092
To select a specific credential to use, embed its username in the server's URL:
  kafka://<username>@h:9092/`,
  )
})

test('two for any host', async () => {
  const { message } = await configError(() => selectAuth([of('alice'), of('bob')], 'h:9092', undefined, FROM))
  expect(message).toContain('\n  alice which has no associated hostname\n  bob which has no associated hostname\n')
})

test('two of one user: a user name in the URL would not help', async () => {
  const { message } = await configError(() => selectAuth([of('alice', 'h'), of('alice', 'h')], 'h:9092', 'alice', FROM))
  expect(message).toContain("Ambiguous credentials found for hostname 'h:9092' with username 'alice'\nMatched credentials")
  expect(message).toContain('Remove or change all but one of the same user')
  expect(message).not.toContain('kafka://')
})
