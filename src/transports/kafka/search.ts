import { type AlertError, toAlertError } from '../../errors.ts'

export interface Candidate {
  readonly ready: Promise<void>
  kill(error: AlertError): void
}

export interface Search<C extends Candidate> {
  /** In the order to be tried. */
  readonly addresses: readonly string[]
  /** ms to wait for one address before the next is tried beside it. */
  readonly hedge: number
  open(address: string): C
  onFailed(address: string): void
  /** Given to those that were slower than the first. */
  readonly late: AlertError
}

/** The first of several brokers to be ready: one that is silent delays the search by `hedge`, not by its time-out. Rejects when all failed, with the weightiest error. */
export function firstReady<C extends Candidate>({ addresses, hedge, open, onFailed, late }: Search<C>): Promise<C> {
  return new Promise((resolve, reject) => {
    const left = [...addresses]
    const tried: C[] = []
    const errors: AlertError[] = []
    let timer: NodeJS.Timeout | undefined
    let found = false

    const tryNext = (): void => {
      clearTimeout(timer)
      const address = left.shift()
      if (address === undefined) return
      timer = setTimeout(tryNext, hedge)
      attempt(address).then(win, (error: unknown) => fail(address, error))
    }
    const attempt = async (address: string): Promise<C> => {
      const candidate = open(address)
      tried.push(candidate)
      await candidate.ready
      return candidate
    }
    const win = (winner: C): void => {
      if (found) return
      found = true
      clearTimeout(timer)
      left.length = 0
      for (const other of tried) if (other !== winner) other.kill(late)
      resolve(winner)
    }
    const fail = (address: string, error: unknown): void => {
      if (found) return
      onFailed(address)
      errors.push(toAlertError(error, 'ALERT_CONNECTION'))
      if (left.length > 0) {
        tryNext()
      } else if (errors.length === addresses.length) {
        clearTimeout(timer)
        reject(weightiest(errors))
      }
    }
    tryNext()
  })
}

const WEIGHT: readonly string[] = [
  'ALERT_CONFIG',
  'ALERT_CLOSED',
  'ALERT_CREDENTIALS',
  'ALERT_TLS_TRUST',
  'ALERT_TLS_HOSTNAME',
  'ALERT_PROTOCOL',
]

/** What a broker said counts for more than a closed socket, a closed socket for more than silence behind it. */
function weightiest(errors: readonly AlertError[]): AlertError {
  const weight = ({ code }: AlertError): number => (WEIGHT.includes(code) ? WEIGHT.indexOf(code) : WEIGHT.length)
  return errors.reduce((best, error) => (weight(error) < weight(best) ? error : best))
}
