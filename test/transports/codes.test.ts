import { describe, expect, it } from 'vitest'
import { AlertError, type AlertErrorCode } from '../../src/errors.ts'
import { KAFKA_ERROR_CODES } from '../../src/transports/codes.generated.ts'
import { kafkaError, kafkaErrorCode } from '../../src/transports/codes.ts'

/** Every code of Kafka 4.1, by what it means to us. */
const expected: Partial<Record<AlertErrorCode, readonly number[]>> = {
  ALERT_CREDENTIALS: [33, 58, 62, 66, 93],
  ALERT_PROTOCOL: [34, 35, 43, 114, 115],
  ALERT_LEADER: [5, 6, 9, 13, 56, 72, 74, 75, 78],
  ALERT_TOPIC_UNKNOWN: [3],
  ALERT_TOPIC_FORBIDDEN: [29],
  ALERT_TOPIC_INVALID: [17],
  ALERT_TOPIC_RECREATED: [100, 103],
  ALERT_OFFSET_RANGE: [1],
  ALERT_DAMAGED: [2, 76],
  ALERT_TOO_LARGE: [10, 18],
  ALERT_UNWRITABLE: [32, 87],
  ALERT_GROUP_FORBIDDEN: [30],
  ALERT_GROUP_INVALID: [23, 24, 26, 112, 128],
  ALERT_GROUP_FENCED: [82, 111],
  ALERT_REJOIN: [22, 25, 27, 69, 79, 110, 113],
  ALERT_FORBIDDEN: [31, 44, 53, 65, 73],
  ALERT_REQUEST: [0, 4, 12, 21, 28, 36, 37, 38, 39, 40, 42, 48, 49, 50, 54, 57, 61, 63, 64, 67, 68, 86, 91, 92, 95, 105, 130],
  ALERT_BROKER: [
    -1, 7, 8, 11, 14, 15, 16, 19, 20, 41, 45, 46, 47, 51, 52, 55, 59, 60, 70, 71, 77, 80, 81, 83, 84, 85, 88, 89, 90, 94, 96, 97, 98, 99,
    101, 102, 104, 106, 107, 108, 109, 116, 117, 118, 119, 120, 121, 122, 123, 124, 125, 126, 127, 129, 131, 132, 133,
  ],
}
const rows = Object.entries(expected).flatMap(([meaning, codes]) => codes.map(code => ({ code, meaning })))

describe('kafkaError', () => {
  it('has a meaning for every code that Kafka has', () => {
    const numbers = KAFKA_ERROR_CODES.map(({ code }) => code)
    expect(numbers).toHaveLength(135)
    expect(rows.map(({ code }) => code).sort((a, b) => a - b)).toEqual(numbers)
  })

  it.each(rows)('$code is $meaning', ({ code, meaning }) => {
    const { name } = kafkaErrorCode(code)!
    const error = kafkaError(code, 'fetch of t[0]')
    expect(error).toBeInstanceOf(AlertError)
    expect(error).toMatchObject({ code: meaning, kafka: name, fatal: false })
    expect(error.message).toMatch(new RegExp(`^fetch of t\\[0\\]: ${name} \\(${code}\\): .*[^.]$`))
  })

  it('says how to mend it', () => {
    const { message, mend } = kafkaError(29, 'metadata of gracedb.superevent')
    expect(message).toBe(
      'metadata of gracedb.superevent: TOPIC_AUTHORIZATION_FAILED (29): Topic authorization failed. ' +
        'Ask for the right (READ, or WRITE to publish) on the topic; users see only what was granted',
    )
    expect(message.endsWith(mend!)).toBe(true)
  })

  it('takes a cause and a better sentence', () => {
    const cause = new Error('what was thrown')
    const error = kafkaError(30, 'join of group g', { cause, mend: 'Names begin with the user' })
    expect(error.cause).toBe(cause)
    expect(error.message).toMatch(/Group authorization failed\. Names begin with the user$/)
  })

  it('takes the code of a newer broker for a passing trouble and names it', () => {
    expect(kafkaError(999, 'heartbeat')).toMatchObject({
      code: 'ALERT_BROKER',
      kafka: '999',
      message: 'heartbeat: error code 999, which is unknown here',
    })
  })

  it('never shares an error object', () => {
    expect(kafkaError(6, 'fetch')).not.toBe(kafkaError(6, 'fetch'))
  })
})

describe('kafkaErrorCode', () => {
  it('finds a code by its number and by its name', () => {
    expect(kafkaErrorCode(6)).toMatchObject({ name: 'NOT_LEADER_OR_FOLLOWER', retriable: true })
    expect(kafkaErrorCode('OFFSET_OUT_OF_RANGE')).toMatchObject({ code: 1, retriable: false })
    expect(kafkaErrorCode(999)).toBeUndefined()
  })
})
