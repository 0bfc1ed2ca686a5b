import { expect } from 'vitest'
import { AlertError, type AlertErrorCode } from '../../../../src/errors.ts'
import type { WriteOutcome } from '../../../../src/transports/transport.ts'

/** What `done` is told; to be compared with `toEqual`. */
export const stored = (offset: number | undefined, partition = 0): WriteOutcome => ({ partition, offset })

export const failed = (code: AlertErrorCode, said: false | 'unknown', message: unknown = expect.any(String)): object => ({
  stored: said,
  error: expect.objectContaining({ code, message }),
})

export const connectionLost = (): AlertError => new AlertError('ALERT_CONNECTION', 'refused')
