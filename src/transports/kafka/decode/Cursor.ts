/** Reads record batches, front to back. Beyond the end it reads zeros: who reads a length checks it against `end`. */
export class Cursor {
  readonly bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  /** Zigzag, 32 bit. */
  varint(): number {
    const { bytes } = this
    let byte = bytes[this.at++]!
    if (byte < 128) return (byte >>> 1) ^ -(byte & 1)
    let value = byte & 127
    for (let shift = 7; byte > 127 && shift < 35; shift += 7) {
      byte = bytes[this.at++]!
      value |= (byte & 127) << shift
    }
    return (value >>> 1) ^ -(value & 1)
  }

  /** Zigzag, 64 bit; exact to 2^53. */
  varlong(): number {
    const { bytes } = this
    let byte = bytes[this.at++]!
    let value = byte & 127
    for (let unit = 128; byte > 127 && unit < 2 ** 70; unit *= 128) {
      byte = bytes[this.at++]!
      value += (byte & 127) * unit
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
}

export const int32At = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!

/** Exact to 2^53. */
export const int64At = (bytes: Uint8Array, at: number): number => int32At(bytes, at) * 2 ** 32 + (int32At(bytes, at + 4) >>> 0)

export const int16At = (bytes: Uint8Array, at: number): number => ((bytes[at]! << 24) >> 16) | bytes[at + 1]!
