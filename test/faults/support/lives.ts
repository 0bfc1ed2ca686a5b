import type { MemberLine } from '../programs/member.ts'

/** Why a member holds its partitions no longer. `open`: it still does. */
export type StayEnd = 'open' | 'revoked' | 'lost' | 'left' | 'killed'

/** From one assignment to its end. Times in ms since 1970; Infinity: never. */
export interface Stay {
  readonly assigned: number
  end: StayEnd
  /** When the end began. */
  ended: number
  /** Its process was killed, before there was another assignment. */
  killed: number
}

/** A record that a member began to work on. Times in ms since 1970; Infinity: never. */
export interface Piece {
  readonly life: Life
  readonly stay: Stay
  readonly partition: number
  readonly offset: number
  readonly begun: number
  handled: number
  /** The broker did not take its commit, as the member says. */
  uncommitted: boolean
}

const NEVER = Number.POSITIVE_INFINITY

/** A member, from the start of its process to its end, by what it said. */
export class Life {
  readonly name: string
  /** By their numbers. */
  readonly pieces: Piece[] = []
  /** What it should not have said. */
  readonly troubles: string[] = []
  /** Its process installed what ends it in order. */
  started = false
  closed = false
  assignments = 0
  /** It may be at work on several records. */
  readonly isOurs: boolean
  #stay: Stay | undefined

  constructor(name: string, isOurs: boolean) {
    this.name = name
    this.isOurs = isOurs
  }

  take(line: MemberLine): void {
    switch (line.type) {
      case 'started':
        this.started = true
        return
      case 'assigned':
        this.assignments++
        this.#stay = { assigned: line.at, end: 'open', ended: NEVER, killed: NEVER }
        return
      case 'revoked':
        this.#end(line.lost ? 'lost' : 'revoked', line.at)
        return
      case 'closed':
        this.closed = true
        this.#end('left', line.at)
        return
      case 'trouble':
        this.troubles.push(`${this.name}: ${line.message}`)
        return
      case 'begun':
        this.#begin(line.partition, line.offset, line.at)
        return
      case 'handled':
        this.pieces[line.n]!.handled = line.at
        return
      case 'uncommitted':
        this.pieces[line.n]!.uncommitted = true
    }
  }

  killed(at: number): void {
    if (this.#stay) this.#stay.killed = at
    this.#end('killed', at)
  }

  #begin(partition: number, offset: number, begun: number): void {
    const stay = this.#stay
    if (stay?.end !== 'open') this.troubles.push(`${this.name}: ${partition}@${offset} was delivered while it held nothing`)
    const nowhere: Stay = { assigned: begun, end: 'lost', ended: begun, killed: NEVER }
    this.pieces.push({ life: this, stay: stay ?? nowhere, partition, offset, begun, handled: NEVER, uncommitted: false })
  }

  #end(how: StayEnd, at: number): void {
    if (this.#stay?.end !== 'open') return
    this.#stay.end = how
    this.#stay.ended = at
  }
}
