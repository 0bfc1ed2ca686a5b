const CHUNK = 0x8000

/** Bytes as base64 text, without Node's Buffer. */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += CHUNK) text += String.fromCharCode(...bytes.subarray(at, at + CHUNK))
  return btoa(text)
}

/** Text as base64url: fit for a URL, a header, a file name. */
export function textToBase64Url(text: string): string {
  return toBase64(new TextEncoder().encode(text)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** The inverse of `textToBase64Url`; throws on what is not base64url of UTF-8. */
export function base64UrlToText(encoded: string): string {
  const binary = atob(encoded.replaceAll('-', '+').replaceAll('_', '/'))
  return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, char => char.charCodeAt(0)))
}

/** The inverse of `toBase64`; throws on what is not base64. */
export const fromBase64 = (encoded: string): Uint8Array => Uint8Array.from(atob(encoded), char => char.charCodeAt(0))
