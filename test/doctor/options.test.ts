import { ConfigError, type DoctorOptions, doctor } from 'igwn-alert-rx'
import { MemoryTransport } from 'igwn-alert-rx/testing'
import { expect, test } from 'vitest'
import { CANARY, expectNoSecret } from '../support/canary.ts'

const thrownBy = (options: object): unknown => {
  try {
    doctor(options as DoctorOptions)
    return undefined
  } catch (error) {
    return error
  }
}

test.each<[object, string]>([
  [{ timeout: 0 }, 'timeout is 0. Give milliseconds: a whole number of at least 1'],
  [{ timeout: 0.5 }, 'timeout is 0.5'],
  [{ timeout: Number.POSITIVE_INFINITY }, 'timeout is Infinity'],
  [{ write: 'yes' }, "write is 'yes'. Give true or false"],
  [{ topics: [] }, 'doctor() got an empty list of topics'],
  [{ topics: 'super event' }, "Not a topic's name: 'super event'"],
  [{ topic: 'superevent' }, "no option 'topic'"],
  [{ noauth: true, authfile: 'x' }, 'noauth and authfile contradict each other'],
  [{ server: 'kafka.scimma.org' }, "must start with 'kafka://'"],
  [{ transport: new MemoryTransport() }, 'transport is given: there is no way to a server to look at'],
])('refuses %o at once', (options, text) => {
  const error = thrownBy(options)
  expect(error).toBeInstanceOf(ConfigError)
  expect(error).toMatchObject({ message: expect.stringContaining(text) })
})

test('wrong options with a secret in them do not repeat it', () => {
  expectNoSecret(
    CANARY,
    thrownBy({ username: 'alice', password: CANARY, noauth: true }),
    thrownBy({ server: `kafka://alice:${CANARY}@h.invalid/` }),
  )
})
