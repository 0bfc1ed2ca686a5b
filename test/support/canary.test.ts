import { expect, test } from 'vitest'
import { CANARY, expectNoSecret, findSecret } from './canary.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

test.each([
  ['plain text', `a ${CANARY} b`],
  ['JSON', JSON.stringify({ password: CANARY })],
  ['base64', base64(CANARY)],
  ['base64 behind one byte', base64(`x${CANARY}y`)],
  ['base64 behind two bytes, as SASL PLAIN writes it', base64(`\0alice\0${CANARY}`)],
  ['base64 behind three bytes', base64(`xyz${CANARY}`)],
  ['base64url', Buffer.from(`ab${CANARY}`).toString('base64url')],
  ['a percent-encoded URL', `kafka://alice:${encodeURIComponent(CANARY)}@host/`],
  ['percent-encoded in lower case', encodeURIComponent(CANARY).replace(/%../g, code => code.toLowerCase())],
  ['a form', new URLSearchParams({ password: CANARY }).toString()],
  ['hexadecimal', Buffer.from(CANARY).toString('hex')],
  ['a field', { a: [{ b: CANARY }] }],
  ['bytes', Buffer.from(`..${CANARY}..`)],
  ['a field of bytes', { raw: Buffer.from(CANARY) }],
  ['a field of typed bytes', { raw: new Uint8Array(Buffer.from(CANARY)) }],
  ['a map and a set', new Map([[1, new Set([CANARY])]])],
  ['what toJSON gives', { toJSON: () => ({ secret: CANARY }) }],
  ['a message', new Error(`no ${CANARY}`)],
  ['a cause', new Error('no', { cause: new Error('why', { cause: { secret: CANARY } }) })],
  ["an error's field", Object.assign(new Error('no'), { codeblock: CANARY })],
  ['one of several errors', new AggregateError([new Error('fine'), new Error(CANARY)])],
])('finds it in %s', (_, place) => {
  expect(findSecret(CANARY, 'elsewhere', place)).not.toEqual([])
})

test('says which place and how it was written, never the secret', () => {
  const found = findSecret(CANARY, 'nothing', { password: CANARY })
  expect(found).toContain('place 1, JSON: escaped as JSON')
  expect(found.join('\n')).not.toContain(CANARY)
})

test('finds nothing where it is hidden', () => {
  const closure = () => CANARY
  class Hidden {
    #password = CANARY
    get password() {
      return this.#password
    }
  }
  const cyclic: Record<string, unknown> = { closure, hidden: new Hidden(), big: 2n ** 70n }
  cyclic['itself'] = cyclic
  const error = new Error('no')
  error.cause = error
  expectNoSecret(CANARY, cyclic, error, base64('something else altogether'), undefined, null, 7)
})

test('is strict: it fails where the secret shows, and refuses a secret that any text may hold', () => {
  expect(() => expectNoSecret(CANARY, [CANARY])).toThrow()
  expect(() => findSecret('secret', 'x')).toThrow(RangeError)
})
