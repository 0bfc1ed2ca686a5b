/** A larger one is handed over as it is: then the number of writes does not count. */
const LARGEST = 128 * 1024
/** So many are kept: sessions that are a few pieces apart share them too. */
const KEPT = 64

interface Piece {
  readonly events: readonly Uint8Array[]
  joined?: Uint8Array | undefined
}

/**
 * Events that several sessions take alike, joined once for all of them: one write costs less than many. What one session alone takes is not
 * joined, for copying costs more than that.
 */
export class Pieces {
  /** By their first event, the oldest first. */
  readonly #pieces = new Map<Uint8Array, Piece>()

  join(events: readonly Uint8Array[]): readonly Uint8Array[] {
    const [first] = events
    if (first === undefined || events.length === 1) return events
    const piece = this.#pieces.get(first)
    if (piece && isSame(piece.events, events)) {
      piece.joined ??= Buffer.concat(events)
      return [piece.joined]
    }
    if (sizeOf(events) <= LARGEST) this.#keep(first, { events })
    return events
  }

  #keep(first: Uint8Array, piece: Piece): void {
    this.#pieces.delete(first)
    this.#pieces.set(first, piece)
    if (this.#pieces.size <= KEPT) return
    const [oldest] = this.#pieces.keys()
    if (oldest) this.#pieces.delete(oldest)
  }
}

const sizeOf = (events: readonly Uint8Array[]): number => events.reduce((size, { length }) => size + length, 0)

const isSame = (some: readonly Uint8Array[], others: readonly Uint8Array[]): boolean =>
  some.length === others.length && some.every((event, index) => event === others[index])
