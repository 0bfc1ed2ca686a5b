import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { AlertError, type AlertErrorCode, asFatal, ConfigError, copyOf, DecodeError, PublishError, toAlertError } from '../src/errors.ts'
import { KAFKA_ERROR_CODES } from '../src/transports/codes.generated.ts'
import { kafkaError } from '../src/transports/codes.ts'

const source = readFileSync(new URL('../src/errors.ts', import.meta.url), 'utf8')
const [documented = '', declared = ''] = source.split('export type AlertErrorCode')
const codesIn = (text: string): string[] => [...new Set(text.match(/ALERT_[A-Z_]+/g))].sort()

/** One of each class, by the code that its instances declare. */
const INSTANCES: readonly (readonly [code: AlertErrorCode, name: string, fatal: boolean, make: () => AlertError])[] = [
  ['ALERT_CONFIG', 'ConfigError', true, () => new ConfigError('port is 0', { mend: 'Give a port from 1' })],
  ['ALERT_DECODE', 'DecodeError', false, () => new DecodeError('not JSON', 't[0]@1')],
  ['ALERT_EXPIRED', 'PublishError', false, () => new PublishError('ALERT_EXPIRED', 'not stored in time', 'unknown')],
  ['ALERT_LEADER', 'AlertError', false, () => new AlertError('ALERT_LEADER', 'the leader moved')],
  ['ALERT_LEADER', 'AlertError', false, () => kafkaError('NOT_LEADER_OR_FOLLOWER', 'fetch')],
  ['ALERT_LEADER', 'AlertError', true, () => asFatal(new AlertError('ALERT_LEADER', 'the leader moved'))],
  ['ALERT_BROKER', 'AlertError', false, () => toAlertError(new TypeError('x'))],
  ['ALERT_DECODE', 'AlertError', false, () => toAlertError('thrown text', 'ALERT_DECODE')],
]

describe('the codes of errors', () => {
  it('are all documented, and all that are documented exist', () => {
    expect(codesIn(documented)).toEqual(codesIn(declared.split('export interface')[0]!))
    expect(codesIn(documented).length).toBeGreaterThan(20)
  })

  it.each(INSTANCES)('%s of a %s is what its instance says (fatal: %s)', (code, name, fatal, make) => {
    const error = make()
    expect(error).toBeInstanceOf(AlertError)
    expect(error).toBeInstanceOf(Error)
    expect([error.code, error.name, error.fatal]).toEqual([code, name, fatal])
    expect(codesIn(documented)).toContain(error.code)
    expect(JSON.parse(JSON.stringify(error))).toMatchObject({ code, name, fatal, message: error.message })
  })

  it.each(KAFKA_ERROR_CODES.map(({ code, name }) => ({ code, name })))('$code $name has one that is documented', ({ code, name }) => {
    const error = kafkaError(code, 'fetch')
    expect(codesIn(documented)).toContain(error.code)
    expect(error).toMatchObject({ kafka: name, fatal: false })
  })
})

describe('an AlertError', () => {
  it('says how to mend it as a part of its message', () => {
    const cause = new TypeError('cause')
    const error = new AlertError('ALERT_TLS_TRUST', 'the certificate is not trusted', { mend: 'Set tls.ca', cause, hint: 'self-signed?' })
    expect(error.message).toBe('the certificate is not trusted. Set tls.ca')
    expect(error).toMatchObject({ mend: 'Set tls.ca', hint: 'self-signed?', cause })
  })

  it('has a cause only where there is one', () => {
    expect('cause' in new AlertError('ALERT_CLOSED', 'closed')).toBe(false)
  })

  it('lets neither cause nor stack out of the process', () => {
    const error = new AlertError('ALERT_CREDENTIALS', 'refused', {
      cause: new Error('password=hunter2'),
      kafka: 'SASL_AUTHENTICATION_FAILED',
    })
    expect(Object.keys(JSON.parse(JSON.stringify(error)))).toEqual(['name', 'code', 'message', 'fatal', 'kafka'])
  })

  it('becomes fatal with all that it says, once', () => {
    const error = new AlertError('ALERT_TOPIC_FORBIDDEN', 'forbidden', { mend: 'Ask for it', kafka: 'X', hint: 'h', cause: 1 })
    const fatal = asFatal(error)
    expect(fatal).toMatchObject({ fatal: true, message: 'forbidden. Ask for it', mend: 'Ask for it', kafka: 'X', hint: 'h', cause: 1 })
    expect(asFatal(fatal)).toBe(fatal)
    expect(error.fatal).toBe(false)
  })

  it('is copied with all that it says: what one receiver does to it, another does not see', () => {
    const options = { mend: 'Ask for it', kafka: 'X', hint: 'h', cause: 1, fatal: true }
    const error = new AlertError('ALERT_TOPIC_FORBIDDEN', 'forbidden', options)
    const copy = copyOf(error)
    expect(copy).not.toBe(error)
    expect(copy).toMatchObject({ code: error.code, message: 'forbidden. Ask for it', ...options })
    expect(copyOf(new AlertError('ALERT_CLOSED', 'closed'))).toMatchObject({ message: 'closed', fatal: false, mend: undefined })
  })

  it('stays itself in toAlertError(); whatever else was thrown is its cause', () => {
    const error = new AlertError('ALERT_CLOSED', 'closed')
    const thrown = new TypeError('x is undefined')
    expect(toAlertError(error, 'ALERT_DECODE')).toBe(error)
    expect(toAlertError(thrown)).toMatchObject({ message: 'x is undefined', cause: thrown })
  })

  it.each([
    ['text', 'text'],
    ['', 'an empty string was thrown'],
    [undefined, 'undefined was thrown'],
    [null, 'null was thrown'],
    [7n, '7 was thrown'],
    [Symbol('s'), 'Symbol(s) was thrown'],
    [() => {}, 'a function was thrown'],
    [new RangeError(''), 'RangeError without a message'],
    [{ message: 'of another realm' }, 'of another realm'],
    [{ reason: 7, a: 1, b: 2, c: 3, d: 4, e: 5 }, 'an object was thrown that is no Error, with reason, a, b, c, d'],
    [{}, 'an object was thrown that is no Error, with nothing in it'],
    [Object.create(null), 'an object was thrown that is no Error, with nothing in it'],
  ])('has words for anything that was thrown: %#', (thrown, message) => {
    expect(toAlertError(thrown).message).toBe(message)
  })
})

describe('the kinds of it', () => {
  it('a DecodeError names its record', () => {
    expect(new DecodeError('not JSON', 't[0]@1')).toMatchObject({ place: 't[0]@1', message: 't[0]@1: not JSON' })
  })

  it('a PublishError says whether the message may be in the log', () => {
    expect(new PublishError('ALERT_OVERFLOW', 'full', false).stored).toBe(false)
  })
})
