/** One partition at one subscription: from `assigned` to its release, loss or end. */
export class Assignment {
  readonly key: string
  readonly start: number
  /** leaving: nothing more is delivered, and acks still count. */
  state: 'delivering' | 'leaving' | 'over' = 'delivering'
  /** It may have gone on elsewhere before it was let go here: others may have handled the same. */
  wasLost = false
  /** ms since 1970. */
  revokedAt: number | undefined
  /** Whether each is handled, in the order of their delivery. */
  readonly delivered = new Map<number, boolean>()
  /** Up to where this subscription committed it. */
  committed: number
  /** What the group had committed when it was let go. */
  committedAtEnd = Number.POSITIVE_INFINITY

  constructor(key: string, start: number) {
    this.key = key
    this.start = start
    this.committed = start
  }

  /** From here on the next delivery is looked for. */
  get next(): number {
    return Math.max(this.start, ...[...this.delivered.keys()].map(offset => offset + 1))
  }

  /** The first that is delivered and not handled, or behind all of them. */
  get prefix(): number {
    return [...this.delivered].find(([, isHandled]) => !isHandled)?.[0] ?? this.next
  }

  /** Behind the last record before which all is handled: a hole does not count, for nobody acks it. */
  get handledTo(): number {
    let to = this.start
    for (const [offset, isHandled] of this.delivered) {
      if (!isHandled) break
      to = offset + 1
    }
    return to
  }

  handled(offset: number): boolean {
    return this.delivered.get(offset) === true
  }
}
