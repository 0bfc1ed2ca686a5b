import { AlertError } from '../../errors.ts'

/** The answer, or ALERT_CLOSED as soon as `signal` aborts: what is under way then ends by itself, unheard. */
export function abortable<T>(answer: Promise<T>, what: string, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return answer
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new AlertError('ALERT_CLOSED', `${what} was aborted`, { cause: signal.reason }))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
