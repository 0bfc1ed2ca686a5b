import { AlertError } from '../../errors.ts'

/** A fetch of 16 MB is the largest answer that is asked for, but one batch may be larger: the broker sends it whole. */
const LARGEST_FRAME = 256 * 1024 * 1024
const SMALLEST_FRAME = 4
const SIZE_BYTES = 4

/** Short frames are read together, into this. */
const SPARE_BYTES = 64 * 1024

/** Cuts a byte stream into Kafka's frames. A long frame is read straight into a buffer of its own: no byte of it is copied twice. */
export class FrameReader {
  readonly #address: string
  readonly #onFrame: (frame: Buffer) => void
  readonly #spare = Buffer.allocUnsafeSlow(SPARE_BYTES)
  readonly #size = Buffer.alloc(SIZE_BYTES)
  #sizeBytes = 0
  #frame: Buffer | undefined
  #filled = 0

  constructor(address: string, onFrame: (frame: Buffer) => void) {
    this.#address = address
    this.#onFrame = onFrame
  }

  /** Where the next bytes are to be put, until `took` says how many came. */
  room(): Buffer {
    return this.#frame ? this.#frame.subarray(this.#filled) : this.#spare
  }

  /** @throws AlertError ALERT_PROTOCOL: this is not Kafka's protocol */
  took(count: number): void {
    if (this.#frame) {
      this.#fill(this.#frame, count)
    } else {
      for (let at = 0; at < count; ) at += this.#frame ? this.#gather(this.#frame, at, count) : this.#begin(at, count)
    }
  }

  #fill(frame: Buffer, count: number): void {
    this.#filled += count
    if (this.#filled < frame.length) return
    this.#frame = undefined
    this.#onFrame(frame)
  }

  #gather(frame: Buffer, at: number, count: number): number {
    const copied = this.#spare.copy(frame, this.#filled, at, count)
    this.#fill(frame, copied)
    return copied
  }

  #begin(at: number, count: number): number {
    const taken = this.#spare.copy(this.#size, this.#sizeBytes, at, count)
    this.#sizeBytes += taken
    if (this.#sizeBytes === SIZE_BYTES) {
      this.#frame = Buffer.allocUnsafeSlow(frameSize(this.#size, this.#address))
      this.#filled = 0
      this.#sizeBytes = 0
    }
    return taken
  }
}

function frameSize(bytes: Buffer, address: string): number {
  const size = bytes.readInt32BE(0)
  if (size >= SMALLEST_FRAME && size <= LARGEST_FRAME) return size
  const isTlsAlert = bytes[0] === 0x15 && bytes[1] === 3
  if (isTlsAlert)
    throw new AlertError('ALERT_PROTOCOL', `${address}: this port speaks TLS`, { mend: 'Connect with TLS, or to the port without it' })
  const start = JSON.stringify(bytes.toString('latin1'))
  throw new AlertError('ALERT_PROTOCOL', `${address} does not speak Kafka's protocol: its answer begins ${start}`, {
    mend: 'Check host and port',
  })
}
