/** Kafka's signed variable-length integers, zigzag: of 32 bits, and of 64 bits within the safe integers. */

/** Bytes of a 32-bit integer. */
export function sizeOfVarint(value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  let size = 1
  for (; rest > 127; rest >>>= 7) size++
  return size
}

/** Writes a 32-bit integer; gives where it ends. */
export function putVarint(into: Uint8Array, at: number, value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  let end = at
  for (; rest > 127; rest >>>= 7) into[end++] = (rest & 127) | 128
  into[end++] = rest
  return end
}

const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value)

/** Bytes of an integer of up to 52 bits. */
export function sizeOfVarlong(value: number): number {
  let rest = zigzag(value)
  let size = 1
  for (; rest > 127; rest = Math.floor(rest / 128)) size++
  return size
}

/** Writes an integer of up to 52 bits; gives where it ends. */
export function putVarlong(into: Uint8Array, at: number, value: number): number {
  let rest = zigzag(value)
  let end = at
  for (; rest > 127; rest = Math.floor(rest / 128)) into[end++] = (rest % 128) | 128
  into[end++] = rest
  return end
}
