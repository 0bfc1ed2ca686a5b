/** Bytes are not what they should be. Becomes an AlertError where their place is known. */
export class Unreadable extends Error {
  readonly mend: string | undefined

  constructor(text: string, options: { readonly mend?: string | undefined; readonly cause?: unknown } = {}) {
    super(text, { cause: options.cause })
    this.name = 'Unreadable'
    this.mend = options.mend
  }
}
