import { AlertError } from '../../errors.ts'

/** What became of a connection that is not open: fatal, or to be tried again, at least so much later (ms). */
export interface Trouble {
  readonly error: AlertError
  readonly fatal: boolean
  readonly wait?: number | undefined
}

const LONGEST_TEXT = 2_000

/** What an answer that is no stream means. */
export async function troubleOf(response: Response): Promise<Trouble> {
  const { status } = response
  const said = await textOf(response)
  const wait = retryAfter(response)
  const at = `the bridge answered ${status}${said ? `: ${said}` : ''}`
  switch (status) {
    case 400:
      return { error: new AlertError('ALERT_CONFIG', at), fatal: true }
    case 401:
      return { error: new AlertError('ALERT_CREDENTIALS', at, { mend: 'Give fromBridge() a token that counts' }), fatal: true }
    case 403:
      return { error: new AlertError('ALERT_FORBIDDEN', at), fatal: true }
    case 404:
    case 421:
      return {
        error: new AlertError('ALERT_CONFIG', at, { mend: 'Is it the address of a bridge, up to where it is mounted?' }),
        fatal: true,
      }
    default:
      return { error: new AlertError('ALERT_CONNECTION', at), fatal: false, wait }
  }
}

/** The bridge's own words, if it is one. */
async function textOf(response: Response): Promise<string | undefined> {
  try {
    const { error }: { error?: { message?: unknown } } = JSON.parse((await response.text()).slice(0, LONGEST_TEXT))
    return typeof error?.message === 'string' ? error.message : undefined
  } catch {
    return undefined
  }
}

function retryAfter({ headers }: Response): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 600) * 1000 : undefined
}
