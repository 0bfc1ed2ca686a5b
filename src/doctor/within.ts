import { AlertError } from '../errors.ts'

/** The answer, or ALERT_TIMEOUT after so many ms: what is under way then ends by itself, unheard. @param what names it in the error */
export async function within<T>(ms: number, what: string, answer: Promise<T>, mend?: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AlertError('ALERT_TIMEOUT', `${what}: no answer within ${ms} ms`, { mend })), ms)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
