import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { hideCommand } from '../../src/auth/proof.ts'
import type { Issued } from '../../src/auth/TokenSource.ts'
import { tokenCommand } from '../../src/auth/tokenCommand.ts'
import { systemClock } from '../../src/clock.ts'
import { AlertError } from '../../src/errors.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { temporaryDirectory } from './home.ts'

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (claims: unknown): string => `${encoded({ alg: 'RS256' })}.${encoded(claims)}.${'c2ln'.repeat(20)}`
const inSeconds = (seconds: number): number => Date.now() / 1_000 + seconds

const run = (command: string, signal: AbortSignal = new AbortController().signal): Promise<Issued> =>
  tokenCommand(hideCommand(command, undefined)).ask(signal, systemClock)

async function failure(command: string, signal?: AbortSignal): Promise<AlertError> {
  const error: unknown = await run(command, signal).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(AlertError)
  return error as AlertError
}

const TOKEN = jwt({ sub: 'albert', exp: inSeconds(600) })

describe('a command', () => {
  test.each([
    ['its output', `printf %s '${TOKEN}'`],
    ['white space around it', `echo; echo '  ${TOKEN}  '; echo`],
    ['a pipe of a shell', `echo ${TOKEN} | cat`],
    ['something on standard error', `echo 'a warning' >&2; echo ${TOKEN}`],
  ])('%s', async (_, command) => {
    const { token, subject, lifetime } = await run(command)
    expect({ token, subject }).toEqual({ token: TOKEN, subject: 'albert' })
    expect(lifetime).toBeGreaterThan(580_000)
    expect(lifetime).toBeLessThanOrEqual(600_000)
  })

  test('has no standard input to wait for', async () => {
    expect((await run(`cat; echo ${TOKEN}`)).subject).toBe('albert')
  })
})

describe('an error', () => {
  test('says how it ended and what it said, not the command, not a token', async () => {
    const error = await failure(`echo 'no ticket: run kinit' >&2; echo '${TOKEN}' >&2; : ${'z9'.repeat(6)}; exit 3`)
    expect(error).toMatchObject({ code: 'ALERT_CONNECTION', fatal: false })
    expect(error.message).toBe('token_command ended with code 3: no ticket: run kinit\n(a token)')
    expectNoSecret('z9'.repeat(6), error)
  })

  test('does not say its output', async () => {
    const error = await failure(`echo ${'z9'.repeat(6)}; echo 'it was ${'z9'.repeat(6)}' >&2; exit 1`)
    expect(error.message).toBe('token_command ended with code 1: what it said holds a secret and is not shown')
  })

  test('says the last of much', async () => {
    const { message } = await failure('seq 1 100000 >&2; echo the end >&2; exit 1')
    expect(message.length).toBeLessThan(600)
    expect(message).toContain('100000\nthe end')
  })

  test('a program that is not there, a signal', async () => {
    expect((await failure('no-such-program-anywhere')).message).toMatch(/^token_command ended with code 127: .*not found/)
    expect((await failure('kill -TERM $$')).message).toBe('token_command ended with the signal SIGTERM')
  })

  test.each([
    ['nothing', ':', 'prints nothing'],
    ['no token', `echo 'please log in'`, 'prints what is no JWT'],
    ['two parts', 'echo a.b', 'prints what is no JWT'],
    ['no base64url', 'echo a.b.c', 'prints what is no JWT'],
    ['two tokens', `echo ${TOKEN}; echo ${TOKEN}`, 'prints what is no JWT'],
    ['claims that are no object', `echo ${jwt([1])}`, 'prints what is no JWT'],
    ['no subject', `echo ${jwt({ exp: inSeconds(60) })}`, 'a token without a subject (sub)'],
    ['a subject that is no text', `echo ${jwt({ sub: 7, exp: inSeconds(60) })}`, 'a token without a subject (sub)'],
    ['no end', `echo ${jwt({ sub: 'a' })}`, 'a token without the time of its end (exp, a number)'],
    ['an end that is no number', `echo ${jwt({ sub: 'a', exp: 'soon' })}`, 'a token without the time of its end (exp, a number)'],
  ])('%s', async (_, command, text) => {
    const error = await failure(command)
    expect(error).toMatchObject({ code: 'ALERT_PROTOCOL' })
    expect(error.message).toContain(text)
    expectNoSecret('c2ln'.repeat(20), error)
  })

  test('a token that has expired', async () => {
    const error = await failure(`echo ${jwt({ sub: 'a', exp: inSeconds(-90) })}`)
    expect(error).toMatchObject({ code: 'ALERT_CREDENTIALS' })
    expect(error.message).toContain('prints a token that expired 90 s ago. Check also this machine')
  })

  test('an output without an end is cut off', async () => {
    expect((await failure('yes')).message).toContain('prints more than 262144 characters')
  })
})

test('when it is called off, what the shell started is killed too', async () => {
  const file = join(await temporaryDirectory(), 'begun')
  const over = new AbortController()
  const failed = failure(`sleep 600 & echo begun > '${file}'; wait`, over.signal)
  await expect.poll(() => readFile(file, 'utf8').catch(() => '')).toBe('begun\n')
  over.abort()
  // It ends once nobody holds its output any more, the sleeper included.
  expect((await failed).message).toContain('SIGKILL')
})

test('its origin does not show the command', () => {
  expectNoSecret(CANARY, hideCommand(CANARY, 'albert'))
  expect(inspect(hideCommand(CANARY, 'albert'))).toContain('albert')
})
