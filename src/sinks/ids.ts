const UUID_TEXT = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const DASH = 45

export const isUuid = (text: string): boolean => UUID_TEXT.test(text)

/** A new message id: a UUID v4 as text. */
export const newId = (): string => globalThis.crypto.randomUUID()

/** The value of a hexadecimal digit's character code. */
const digit = (code: number): number => (code <= 57 ? code - 48 : (code | 32) - 87)

/** The 16 bytes of a UUID given as text, as the header `_id` holds it. */
export function idBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(16)
  for (let at = 0, to = 0; to < 16; at += 2) {
    if (text.charCodeAt(at) === DASH) at++
    bytes[to++] = (digit(text.charCodeAt(at)) << 4) | digit(text.charCodeAt(at + 1))
  }
  return bytes
}

/** The inverse of `idBytes`, in lower case. */
export function idText(bytes: Uint8Array): string {
  const hex = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
