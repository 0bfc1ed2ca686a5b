import type { AlertError } from '../errors.ts'

/** A failure that may be over in a moment. */
export class Transient extends Error {
  /** What it is once nobody tries any more. */
  readonly error: AlertError
  /** The server asked for so long a wait, ms. */
  readonly wait: number

  constructor(error: AlertError, wait = 0) {
    super(error.message, { cause: error })
    this.name = 'Transient'
    this.error = error
    this.wait = wait
  }
}
