import { textToBase64Url } from '../base64.ts'
import type { Credential } from './transport.ts'

/** Shorter pieces are found in any text by chance. */
const SHORTEST_PIECE = 12

/** The secrets of a credential: of a token also each of its parts, for its claims and its signature alone are not to be shown either. */
export function secretsOf(credential: Credential): readonly string[] {
  return credential.mechanism === 'OAUTHBEARER' ? tokenSecrets(credential.token) : [credential.password]
}

/** A token, and those of its parts that a text would not hold by chance. */
export const tokenSecrets = (token: string): readonly string[] => [token, ...token.split('.').filter(part => part.length >= SHORTEST_PIECE)]

/**
 * What another party said, fit to be shown: not if it holds a secret, plain or encoded. Whoever was sent a secret could say it back.
 *
 * @param what how the text is called instead
 */
export function withoutSecrets(text: string, secrets: readonly string[], what = 'the text of it'): string {
  const forms = secrets.filter(secret => secret !== '').flatMap(formsOf)
  return forms.some(form => text.includes(form)) ? `${what} holds a secret and is not shown` : text
}

function formsOf(secret: string): readonly string[] {
  const base64Url = textToBase64Url(secret)
  const hexadecimal = Array.from(new TextEncoder().encode(secret), byte => byte.toString(16).padStart(2, '0')).join('')
  const formEncoded = new URLSearchParams({ s: secret }).toString().slice(2)
  return [secret, encodeURIComponent(secret), formEncoded, base64Url, base64Url.replaceAll('-', '+').replaceAll('_', '/'), hexadecimal]
}
