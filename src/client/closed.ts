import { AlertError } from '../errors.ts'

export const closedError = (): AlertError => new AlertError('ALERT_CLOSED', 'the client is closed', { mend: 'Make a new one', fatal: true })
