import { base64UrlToText } from '../base64.ts'
import { ConfigError } from '../errors.ts'

/** RFC 6750: what a bearer token is made of. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/

export const isToken = (text: string): boolean => TOKEN.test(text)

/** @throws ConfigError, which never repeats it */
export function checkToken(text: string, what: string): void {
  if (isToken(text)) return
  throw new ConfigError(`${what} has characters that no bearer token has`, {
    mend: 'Give the token itself: no white space, no quotes, no "Bearer"',
  })
}

export interface Claims {
  /** Whom the token is for. */
  readonly subject: string | undefined
  /** When it expires, ms since 1970. */
  readonly expires: number | undefined
  /** When it was issued, ms since 1970. */
  readonly issued: number | undefined
}

/** The claims of a JWT, which is for the server to verify, not for us. Undefined: it is none. */
export function readClaims(token: string): Claims | undefined {
  const parts = token.split('.')
  if (parts.length !== 3) return undefined
  try {
    const claims: unknown = JSON.parse(base64UrlToText(parts[1]!))
    if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) return undefined
    const { sub, exp, iat } = claims as { sub?: unknown; exp?: unknown; iat?: unknown }
    return { subject: typeof sub === 'string' && sub !== '' ? sub : undefined, expires: timeOf(exp), issued: timeOf(iat) }
  } catch {
    return undefined
  }
}

/** A claim in seconds, as ms. */
const timeOf = (claim: unknown): number | undefined => (typeof claim === 'number' && Number.isFinite(claim) ? claim * 1_000 : undefined)
