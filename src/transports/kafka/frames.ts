import { AlertError } from '../../errors.ts'

/** A fetch of 16 MB is the largest answer asked for, but one batch may be larger: the broker sends it whole. */
const LARGEST_FRAME = 256 * 1024 * 1024
const SMALLEST_FRAME = 4

/** Cuts a byte stream into Kafka's frames. A frame within one chunk is a view of it, a longer one is gathered in a buffer of its own. */
export class FrameReader {
  readonly #address: string
  readonly #onFrame: (frame: Buffer) => void
  readonly #size = Buffer.alloc(4)
  #sizeBytes = 0
  #frame: Buffer | undefined
  #filled = 0

  constructor(address: string, onFrame: (frame: Buffer) => void) {
    this.#address = address
    this.#onFrame = onFrame
  }

  /** @throws AlertError ALERT_PROTOCOL: this is not Kafka's protocol */
  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      at += this.#frame ? this.#gather(this.#frame, chunk, at) : this.#begin(chunk, at)
    }
  }

  #gather(frame: Buffer, chunk: Buffer, at: number): number {
    const copied = chunk.copy(frame, this.#filled, at)
    this.#filled += copied
    if (this.#filled === frame.length) {
      this.#frame = undefined
      this.#onFrame(frame)
    }
    return copied
  }

  #begin(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#size, this.#sizeBytes, at)
    this.#sizeBytes += taken
    if (this.#sizeBytes < 4) return taken
    this.#sizeBytes = 0
    const size = frameSize(this.#size, this.#address)
    const start = at + taken
    if (start + size > chunk.length) {
      this.#frame = Buffer.allocUnsafeSlow(size)
      this.#filled = 0
      return taken
    }
    this.#onFrame(chunk.subarray(start, start + size))
    return taken + size
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
