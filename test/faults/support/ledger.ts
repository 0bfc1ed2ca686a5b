import { now } from './time.ts'

/** A record from its acknowledgement to its first arrival, `now()`. */
export interface Passage {
  readonly partition: number
  readonly n: number
  readonly sent: number
  readonly got: number
}

/** Records by `partition@n`. */
export interface Verdict {
  readonly sent: number
  /** Acknowledged, and never arrived. */
  readonly lost: readonly string[]
  /** Arrived once more, each time counted. */
  readonly doubled: readonly string[]
  /** Arrived for the first time after a later one of its partition. */
  readonly disordered: readonly string[]
  /** The longest time between two arrivals in one partition, ms. */
  readonly silence: number
}

interface Book {
  readonly sent: Map<number, number>
  readonly got: Map<number, number>
  readonly doubled: number[]
  readonly disordered: number[]
  highest: number
  lastArrival: number | undefined
  silence: number
}

/**
 * What was sent against what arrived. A record is its partition and a number that grows along it: its offset, or the number it was sent with.
 * What arrived without having been acknowledged is no fault: its sender may have been cut off before it was told.
 */
export class Ledger {
  readonly #books = new Map<number, Book>()
  #sent = 0
  #missing = 0
  #arrived = 0

  /** It was acknowledged. */
  sent(partition: number, n: number, at: number = now()): void {
    const book = this.#book(partition)
    if (book.sent.has(n)) throw new Error(`${partition}@${n} was acknowledged twice`)
    book.sent.set(n, at)
    this.#sent++
    if (!book.got.has(n)) this.#missing++
  }

  got(partition: number, n: number, at: number = now()): void {
    const book = this.#book(partition)
    if (book.lastArrival !== undefined) book.silence = Math.max(book.silence, at - book.lastArrival)
    book.lastArrival = at
    if (book.got.has(n)) {
      book.doubled.push(n)
      return
    }
    if (n < book.highest) book.disordered.push(n)
    book.highest = Math.max(book.highest, n)
    book.got.set(n, at)
    this.#arrived++
    if (book.sent.has(n)) this.#missing--
  }

  /** Acknowledged, and not arrived yet. */
  get missing(): number {
    return this.#missing
  }

  /** Different records that arrived. */
  get arrived(): number {
    return this.#arrived
  }

  get acknowledged(): number {
    return this.#sent
  }

  /** Arrivals beyond the first of each record. */
  get doubled(): number {
    return [...this.#books.values()].reduce((sum, { doubled }) => sum + doubled.length, 0)
  }

  verdict(): Verdict {
    const books = [...this.#books]
    const named = (numbersOf: (book: Book) => Iterable<number>): string[] =>
      books.flatMap(([partition, book]) => [...numbersOf(book)].map(n => `${partition}@${n}`))
    return {
      sent: this.#sent,
      lost: named(({ sent, got }) => [...sent.keys()].filter(n => !got.has(n))),
      doubled: named(({ doubled }) => doubled),
      disordered: named(({ disordered }) => disordered),
      silence: Math.max(0, ...books.map(([, { silence }]) => silence)),
    }
  }

  /** What was acknowledged and arrived. */
  passages(): Passage[] {
    return [...this.#books].flatMap(([partition, book]) =>
      [...book.sent].flatMap(([n, sent]) => {
        const got = book.got.get(n)
        return got === undefined ? [] : [{ partition, n, sent, got }]
      }),
    )
  }

  /** When the first record arrived after `moment`, in ms from it; Infinity: none did. */
  nextAfter(moment: number): number {
    let first = Number.POSITIVE_INFINITY
    for (const { got } of this.#books.values()) for (const at of got.values()) if (at > moment && at < first) first = at
    return first - moment
  }

  /** How long after `moment` the last of what had been acknowledged by then was there, ms. */
  recovery(moment: number): number {
    const due = this.passages().filter(({ sent }) => sent <= moment)
    return due.reduce((latest, { got }) => Math.max(latest, got - moment), 0)
  }

  #book(partition: number): Book {
    let book = this.#books.get(partition)
    if (!book) {
      book = { sent: new Map(), got: new Map(), doubled: [], disordered: [], highest: -1, lastArrival: undefined, silence: 0 }
      this.#books.set(partition, book)
    }
    return book
  }
}

/** The longest from acknowledgement to arrival, ms. An arrival may overtake the acknowledgement. */
export const longestLag = (passages: readonly Passage[]): number =>
  passages.reduce((longest, { sent, got }) => Math.max(longest, got - sent), 0)

/** What a verdict matches where nothing may go wrong. */
export const FAULTLESS: Pick<Verdict, 'lost' | 'doubled' | 'disordered'> = { lost: [], doubled: [], disordered: [] }

/** For figures. */
export const told = ({ sent, lost, doubled, disordered }: Verdict): string =>
  `${lost.length} of ${sent} lost, ${doubled.length} doubled, ${disordered.length} out of order`
