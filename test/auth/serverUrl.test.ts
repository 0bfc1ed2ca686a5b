import { describe, expect, test } from 'vitest'
import { DEFAULT_SERVER, parseServerUrl } from '../../src/auth/serverUrl.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { configError } from './thrown.ts'

test.each([
  [DEFAULT_SERVER, undefined, 'kafka.scimma.org', 9092, undefined, 'kafka.scimma.org:9092'],
  ['kafka://kafka.scimma.org', undefined, 'kafka.scimma.org', 9092, undefined, 'kafka.scimma.org:9092'],
  ['kafka://host.invalid:9093/', undefined, 'host.invalid', 9093, undefined, 'host.invalid:9093'],
  ['kafka://host.invalid:9093/', 9093, 'host.invalid', 9093, undefined, 'host.invalid:9093'],
  ['kafka://host.invalid/', 9094, 'host.invalid', 9094, undefined, 'host.invalid:9094'],
  ['KAFKA://Host.Invalid//', undefined, 'host.invalid', 9092, undefined, 'host.invalid:9092'],
  ['kafka://alice@host.invalid/', undefined, 'host.invalid', 9092, 'alice', 'host.invalid:9092'],
  ['kafka://al%40ice%2Fx@host.invalid:1/', undefined, 'host.invalid', 1, 'al@ice/x', 'host.invalid:1'],
  ['kafka://al@ice@host.invalid/', undefined, 'host.invalid', 9092, 'al@ice', 'host.invalid:9092'],
  ['kafka://127.0.0.1:65535', undefined, '127.0.0.1', 65_535, undefined, '127.0.0.1:65535'],
  ['kafka://[::1]/', undefined, '::1', 9092, undefined, '[::1]:9092'],
  ['kafka://alice@[FE80::A]:9093/', undefined, 'fe80::a', 9093, 'alice', '[fe80::a]:9093'],
  ['kafka://kafka-1_a/', undefined, 'kafka-1_a', 9092, undefined, 'kafka-1_a:9092'],
])('%s with port %s', (server, port, host, expectedPort, username, address) => {
  expect(parseServerUrl(server, port)).toEqual({ host, port: expectedPort, username, address, text: server })
})

test.each([
  ['kafka.scimma.org', "invalid kafka URL: must start with 'kafka://', got 'kafka.scimma.org'. Write 'kafka://kafka.scimma.org/'"],
  ['kafka.scimma.org:9092/', "got 'kafka.scimma.org:9092/'. Write 'kafka://kafka.scimma.org:9092/'"],
  ['http://kafka.scimma.org/', "invalid kafka URL: must start with 'kafka://', got 'http://'. Write it like 'kafka://kafka.scimma.org/'"],
  ['kafka:host', "must start with 'kafka://'"],
  ['', "must start with 'kafka://'"],
  ['kafka://a.invalid,b.invalid/', 'Multiple broker addresses are not supported. Name one broker'],
  ['kafka://a.invalid:9092,b.invalid:9092/', 'Multiple broker addresses are not supported'],
  [
    'kafka://host.invalid:9092/superevent',
    "names topics behind its last slash, which has no meaning there. Write server: 'kafka://host.invalid:9092/' and",
  ],
  ['kafka://alice@host.invalid/a,b', "Write server: 'kafka://HOST:PORT/' and pass topics"],
  ['kafka://host.invalid/?x=1', 'names topics'],
  ['kafka://host.invalid?x=1', "has a part behind '?' or '#'"],
  ['kafka://host.invalid#x', "has a part behind '?' or '#'"],
  ['kafka:///', 'no host name or IP address'],
  ['kafka://:9092/', 'no host name or IP address'],
  ['kafka://host invalid/', 'no host name or IP address'],
  ['kafka://::1/', "'kafka://[::1]:9092/'"],
  ['kafka://[::1/', 'no host name or IP address'],
  ['kafka://[host.invalid]/', 'no host name or IP address'],
  ['kafka://[::1]9092/', 'no host name or IP address'],
  ['kafka://host.invalid:/', 'not a port from 1 to 65535'],
  ['kafka://host.invalid:0/', 'not a port from 1 to 65535'],
  ['kafka://host.invalid:65536/', 'not a port from 1 to 65535'],
  ['kafka://host.invalid:9092x/', 'not a port from 1 to 65535'],
  ['kafka://@host.invalid/', "no user name before its '@'"],
  ['kafka://al%ice@host.invalid/', "'%25'"],
])('refuses %j', async (server, text) => {
  expect((await configError(() => parseServerUrl(server))).message).toContain(text)
})

test('a port in the URL and another one as option contradict each other', async () => {
  const { message } = await configError(() => parseServerUrl('kafka://host.invalid:9093/', 9092))
  expect(message).toBe('server names port 9093, the option port is 9092. Give one of them')
})

test.each([0, 65_536, 9092.5, Number.NaN, '9092' as unknown as number])('refuses the port %j', async port => {
  expect((await configError(() => parseServerUrl(DEFAULT_SERVER, port))).message).toContain('port must be a whole number from 1 to 65535')
})

test('refuses what is no text', async () => {
  expect((await configError(() => parseServerUrl(7 as unknown as string))).message).toContain('server must be a text')
})

describe('a password is refused and not repeated', () => {
  test.each([
    `kafka://alice:${CANARY}@host.invalid/`,
    `kafka://alice:${CANARY}@host.invalid:9092/topic`,
    `kafka://alice:${encodeURIComponent(CANARY)}@host.invalid/`,
    `http://alice:${CANARY}@host.invalid/`,
    `alice:${CANARY}@host.invalid`,
    `kafka:alice:${CANARY}@host.invalid`,
    `kafka://alice:p@ss${CANARY}@host.invalid/`,
    `kafka://alice:a/b?c#${CANARY}@host.invalid/`,
    `kafka://:${CANARY}@host.invalid/`,
    `kafka://a.invalid,alice:${CANARY}@host.invalid/`,
  ])('%#', async server => {
    const error = await configError(() => parseServerUrl(server))
    expect(error.message).toContain('server holds a password')
    expectNoSecret(CANARY, error)
  })

  test.each([
    'kafka://alice:secret7password',
    'alice:secret7password',
    'kafka://alice:secret7password/topic',
    'kafka://alice?secret7password',
  ])('nor in %s, its host forgotten', async server => {
    expectNoSecret('secret7password', await configError(() => parseServerUrl(server)))
  })
})
