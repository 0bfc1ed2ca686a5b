import { Refusal } from '../request.ts'

export interface OriginRequest {
  readonly origin: string | undefined
  readonly host: string | undefined
  readonly isSecure: boolean
  /** Fetch metadata: browsers say of every request where it comes from. */
  readonly site: string | undefined
  readonly hasToken: boolean
}

/**
 * Whether a page of that origin may read. Exact: scheme, host and port. Without an `Origin` it is no page of another site, unless the browser
 * says otherwise.
 *
 * @returns the headers that let the page read the answer
 * @throws Refusal 403
 */
export function checkOrigin({ origin, host, isSecure, site, hasToken }: OriginRequest, allowed: readonly string[]): Record<string, string> {
  if (origin === undefined) {
    // A link or an image on another page: it could not read the answer, but it would open a stream.
    if (site === undefined || site === 'same-origin' || site === 'none' || hasToken) return { vary: 'Origin' }
    throw forbidden()
  }
  const isOwn = host !== undefined && origin === `${isSecure ? 'https' : 'http'}://${host}`
  if (isOwn) return { vary: 'Origin' }
  if (!allowed.includes(origin)) throw forbidden()
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'retry-after',
  }
}

const forbidden = (): Refusal =>
  new Refusal(403, 'origin', 'pages of that origin may not read this bridge', {
    mend: 'Add exactly its scheme, host and port to the option origins (--origin of the command)',
  })

/** What a browser asks before it sends a token across origins. */
export const PREFLIGHT: Readonly<Record<string, string>> = {
  'access-control-allow-methods': 'GET',
  'access-control-allow-headers': 'authorization, last-event-id, cache-control',
  'access-control-max-age': '600',
}
