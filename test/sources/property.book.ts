import { type Position, partitionKey, type TopicPartition } from '../../src/place.ts'
import type { MemoryLog } from '../../src/transports/memory/MemoryLog.ts'
import type { ReadEvent } from '../../src/transports/transport.ts'
import { Assignment } from './property.assignment.ts'

type AssignedEvent = Extract<ReadEvent, { type: 'assigned' }>

/** One subscription of one process. */
export interface Owner {
  readonly name: string
  /** Its process was killed: what the test's own process still does in its name counts for nothing. */
  readonly isDead: boolean
  /** Nothing has disturbed its commits for a while. */
  readonly isCalm: boolean
  /** Commits at once what it acks. */
  readonly acks: boolean
}

export interface Spot extends TopicPartition {
  readonly offset: number
}

/** A commit that the coordinator took. */
export interface Committed extends Position {
  /** What was committed before it. */
  readonly before: number | undefined
}

export interface BookOptions {
  readonly log: MemoryLog
  readonly group: string
  /** Where a partition starts that nobody has committed. */
  readonly startOf: (at: TopicPartition) => number
  /** ms from a revocation, in which a commit comes in time. */
  readonly revokeTimeout: number
}

/** What is known of a subscription. */
interface Account {
  memberId: string | undefined
  epoch: number
  /** Its reader is open and has joined. */
  hasJoined: boolean
  /** It delivers no more. */
  isEnding: boolean
  assignments: ReadonlyMap<string, Assignment>
}

/** One record, and the assignments of its partition. */
interface Counted {
  readonly id: string
  readonly offset: number
  readonly own: readonly Assignment[]
}

/** Who had which partition when, what was delivered, handled and committed in it, and what was wrong about that. */
export class Book {
  readonly #log: MemoryLog
  readonly #group: string
  readonly #startOf: (at: TopicPartition) => number
  readonly #revokeTimeout: number
  readonly #accounts = new Map<Owner, Account>()
  readonly #all: Assignment[] = []
  /** By `key@offset`: in which assignment the commit passed it. */
  readonly #committedIn = new Map<string, Assignment>()
  #fault: string | undefined

  constructor({ log, group, startOf, revokeTimeout }: BookOptions) {
    this.#log = log
    this.#group = group
    this.#startOf = startOf
    this.#revokeTimeout = revokeTimeout
  }

  /** The first thing that was wrong. */
  get fault(): string | undefined {
    return this.#fault
  }

  wrong(what: string): void {
    this.#fault ??= what
  }

  memberIdOf(owner: Owner): string | undefined {
    return this.#of(owner).memberId
  }

  hasJoined(owner: Owner): boolean {
    return this.#of(owner).hasJoined
  }

  assigned(owner: Owner, { epoch, memberId, partitions }: AssignedEvent): void {
    const account = this.#of(owner)
    const now = new Map<string, Assignment>()
    for (const at of partitions) {
      const key = partitionKey(at)
      const before = account.assignments.get(key)
      now.set(key, before && this.#goesOn(before, at) ? before : this.#begin(key, at.committed ?? this.#startOf(at)))
    }
    for (const [key, before] of account.assignments) if (now.get(key) !== before) this.#end(before, true)
    this.#checkAlone(owner, memberId)
    Object.assign(account, { memberId, epoch, hasJoined: true, assignments: now })
    if (account.isEnding) this.ending(owner)
  }

  revoked(owner: Owner, lost: boolean): void {
    const account = this.#of(owner)
    account.hasJoined = false
    for (const assignment of account.assignments.values()) {
      if (lost) this.#end(assignment, true)
      else {
        if (assignment.state === 'delivering') assignment.state = 'leaving'
        assignment.revokedAt = this.#log.clock.now()
      }
    }
  }

  /** @param busy where work is under way */
  released(owner: Owner, epoch: number, busy: ReadonlySet<Assignment | undefined>): void {
    const account = this.#of(owner)
    // The reader waited no longer, and has joined again meanwhile.
    if (epoch !== account.epoch) return
    if (account.hasJoined) this.wrong(`${owner.name} releases epoch ${epoch}, which nobody revoked`)
    this.#expectCommitted(owner, 'releases')
    const early = [...account.assignments.values()].find(assignment => busy.has(assignment) && !this.#isTimeOver(assignment))
    if (early) this.wrong(`${owner.name} releases ${early.key} with work under way`)
    for (const assignment of account.assignments.values()) this.#end(assignment, !owner.isCalm || this.#isTooLate(assignment))
  }

  /** @param broken its member is left behind */
  readerEnded(owner: Owner, broken: boolean): void {
    const account = this.#of(owner)
    account.hasJoined = false
    if (broken) return
    this.#expectCommitted(owner, 'leaves')
    account.memberId = undefined
  }

  /** It delivers no more. */
  ending(owner: Owner): void {
    const account = this.#of(owner)
    account.isEnding = true
    for (const assignment of account.assignments.values()) if (assignment.state === 'delivering') assignment.state = 'leaving'
  }

  ended(owner: Owner): void {
    const { assignments } = this.#of(owner)
    for (const assignment of assignments.values()) this.#end(assignment, !owner.isCalm || this.#isTooLate(assignment))
  }

  /** Gives where it is to be noted as handled. */
  delivered(owner: Owner, at: Spot): Assignment | undefined {
    if (owner.isDead) return undefined
    const place = `${partitionKey(at)}@${at.offset}`
    const { assignments, hasJoined } = this.#of(owner)
    const assignment = assignments.get(partitionKey(at))
    if (assignment?.state !== 'delivering') {
      this.wrong(`${owner.name} delivers ${place}, and its partition is ${assignment?.state ?? 'not assigned'}`)
      return undefined
    }
    const expected = this.#offsets(at).find(offset => offset >= assignment.next)
    if (at.offset !== expected) this.wrong(`${owner.name} delivers ${place}, expected ${expected}: it began at ${assignment.start}`)
    if (hasJoined && !this.#isOwnedAtBroker(owner, at)) this.wrong(`${owner.name} delivers ${place} of another member`)
    assignment.delivered.set(at.offset, false)
    return assignment
  }

  handled(assignment: Assignment | undefined, { offset }: Spot): void {
    if (assignment && assignment.state !== 'over') assignment.delivered.set(offset, true)
  }

  /** The coordinator took a commit. */
  committed(memberId: string, positions: readonly Committed[]): void {
    const [owner, account] = [...this.#accounts].find(([, account]) => account.memberId === memberId) ?? []
    for (const at of positions) {
      const key = partitionKey(at)
      const what = `${owner?.name ?? memberId} commits ${key} at ${at.offset}`
      if (at.before !== undefined && at.offset < at.before) this.wrong(`${what}, which was at ${at.before}`)
      const assignment = account?.assignments.get(key)
      if (!assignment || assignment.state === 'over') {
        this.wrong(`${what}, and does not own it`)
        continue
      }
      const passed = this.#offsets(at).filter(offset => offset >= assignment.start && offset < at.offset)
      const unhandled = passed.find(offset => !assignment.handled(offset))
      if (unhandled !== undefined) this.wrong(`${what} and passes ${unhandled}, which it has not handled`)
      assignment.committed = at.offset
      for (const offset of passed) if (offset >= (at.before ?? 0)) this.#committedIn.set(`${key}@${offset}`, assignment)
    }
  }

  /** What has to hold whenever nothing is on its way. */
  check(owners: readonly Owner[]): void {
    for (const owner of owners) if (owner.acks && this.#of(owner).hasJoined) this.#expectCommitted(owner, 'goes on')
  }

  /** Records that nobody has handled and committed. */
  get owed(): readonly string[] {
    return this.#records.filter(({ id }) => !this.#committedIn.has(id)).map(({ id }) => id)
  }

  /** Records that were handled again although they were committed, or still could be, when they were handled first. */
  get doubled(): readonly string[] {
    const isExcused = ({ wasLost, committedAtEnd }: Assignment, offset: number): boolean => wasLost || offset >= committedAtEnd
    const isDoubled = ({ id, offset, own }: Counted): boolean =>
      own.some(handling => handling.handled(offset) && handling !== this.#committedIn.get(id) && !isExcused(handling, offset))
    return this.#records.filter(isDoubled).map(({ id }) => id)
  }

  /** All that are to be handled. */
  get #records(): readonly Counted[] {
    const places = this.#log.topics.flatMap(topic => this.#log.topic(topic)!.partitions.map((_, partition) => ({ topic, partition })))
    return places.flatMap(at => {
      const key = partitionKey(at)
      const own = this.#all.filter(assignment => assignment.key === key)
      const first = own.length === 0 ? 0 : Math.min(...own.map(({ start }) => start))
      const offsets = this.#offsets(at).filter(offset => offset >= first)
      return offsets.map(offset => ({ id: `${key}@${offset}`, offset, own }))
    })
  }

  /** Where nothing disturbs, all that is handled is committed, and a start that was found. */
  #expectCommitted(owner: Owner, does: string): void {
    if (owner.isDead || !owner.isCalm) return
    for (const assignment of this.#of(owner).assignments.values()) {
      const { key, start, handledTo, state, delivered } = assignment
      const committed = this.#committedOf(key)
      // It may not have found its start before the partition leaves again.
      if (state === 'over' || (state === 'leaving' && delivered.size === 0) || this.#isTooLate(assignment)) continue
      if ((committed ?? -1) >= handledTo) continue
      this.wrong(`${owner.name} ${does} with ${key} handled from ${start} to ${handledTo}, and ${committed} is committed`)
    }
  }

  /** The reader waited no longer for its last commit. */
  #isTooLate({ revokedAt }: Assignment): boolean {
    return revokedAt !== undefined && this.#log.clock.now() - revokedAt > this.#revokeTimeout
  }

  /** Started work was waited for long enough. */
  #isTimeOver({ revokedAt }: Assignment): boolean {
    return revokedAt === undefined || this.#log.clock.now() - revokedAt >= this.#revokeTimeout
  }

  /** A member that was left behind is taken over by one subscription. */
  #checkAlone(owner: Owner, memberId: string): void {
    for (const [other, account] of this.#accounts) {
      if (other === owner || account.memberId !== memberId) continue
      if (account.hasJoined) this.wrong(`${owner.name} and ${other.name} are the same member`)
      account.memberId = undefined
    }
  }

  /** The coordinator gives each partition to one member of a generation. */
  #isOwnedAtBroker(owner: Owner, at: TopicPartition): boolean {
    const known = this.#log.members(this.#group).find(({ memberId }) => memberId === this.#of(owner).memberId)
    return !known || known.partitions.some(own => partitionKey(own) === partitionKey(at))
  }

  /** A reader that broke says nothing of its partitions: they go on, unless others have read on meanwhile. */
  #goesOn(before: Assignment, { committed = 0 }: { readonly committed?: number | undefined }): boolean {
    if (before.state === 'over' || before.revokedAt !== undefined || committed > before.prefix) return false
    if (committed > before.committed) before.wasLost = true
    return true
  }

  #begin(key: string, start: number): Assignment {
    const assignment = new Assignment(key, start)
    this.#all.push(assignment)
    return assignment
  }

  #end(assignment: Assignment, wasLost: boolean): void {
    if (assignment.state === 'over') return
    assignment.state = 'over'
    assignment.wasLost ||= wasLost
    assignment.committedAtEnd = this.#committedOf(assignment.key) ?? 0
  }

  #of(owner: Owner): Account {
    const account = this.#accounts.get(owner)
    if (account) return account
    const opened = { memberId: undefined, epoch: -1, hasJoined: false, isEnding: false, assignments: new Map<string, Assignment>() }
    this.#accounts.set(owner, opened)
    return opened
  }

  #committedOf(key: string): number | undefined {
    return this.#log.group(this.#group).committed.find(at => partitionKey(at) === key)?.offset
  }

  #offsets(at: TopicPartition): readonly number[] {
    return this.#log.partition(at).records.map(({ offset }) => offset)
  }
}
