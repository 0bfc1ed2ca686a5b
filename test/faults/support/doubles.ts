import type { Commit } from './groupLog.ts'
import type { Piece } from './lives.ts'

/** Why a record was begun again: what the member before had not done, or the group had not noted, when it lost the partition. */
export type Reason =
  | 'killed at work'
  | 'killed behind one at work'
  | 'killed before its commit'
  | 'revoked at work'
  | 'revoked behind one at work'
  | 'session lost'
  | 'Python killed at work or before its commit'
  | 'a commit of Python refused'

export interface Doubles {
  readonly reasons: ReadonlyMap<Reason, number>
  /** Those that should not have been, each in words. */
  readonly unexplained: readonly string[]
}

export interface DoublesOptions {
  /** How long a member of ours waits for started work at a revocation, ms. */
  readonly revokeTimeout: number
  /** How long after the work the commit may come, ms. */
  readonly commitWithin: number
}

/** Two timers of the same length are this close, ms. */
const BLUR = 20

/** Looks for each record that was begun more than once why it was. @param commits in the order of the broker */
export function explain(pieces: readonly Piece[], commits: readonly Commit[], options: DoublesOptions): Doubles {
  const reasons = new Map<Reason, number>()
  const unexplained: string[] = []
  const ofPartition = groupBy(pieces, ({ partition }) => partition)
  for (const [partition, all] of ofPartition) {
    const own = commits.filter(commit => commit.partition === partition)
    const ofStay = groupBy(all, ({ stay }) => stay)
    for (const [offset, times] of groupBy(all, piece => piece.offset)) {
      const inOrder = times.sort((a, b) => a.begun - b.begun)
      for (const [i, again] of inOrder.slice(1).entries()) {
        const before = inOrder[i]!
        const known = own.findLast(({ at }) => at < again.stay.assigned)?.offset ?? 0
        const reason = known > offset ? undefined : reasonFor(before, ofStay.get(before.stay)!, options)
        if (reason) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
        else unexplained.push(inWords(before, again, known))
      }
    }
  }
  return { reasons, unexplained }
}

/** @param siblings all of the same stay and partition */
function reasonFor(before: Piece, siblings: readonly Piece[], { revokeTimeout, commitWithin }: DoublesOptions): Reason | undefined {
  const { life, stay, handled } = before
  if (!life.isOurs) return reasonOfPython(before)
  const ahead = siblings.filter(({ offset }) => offset <= before.offset).map(piece => piece.handled)
  /** From then on the group could have known of it. */
  const done = Math.max(...ahead)
  if (stay.end === 'lost') return 'session lost'
  if (stay.end === 'revoked') {
    const deadline = stay.ended + revokeTimeout - BLUR
    if (handled > deadline) return 'revoked at work'
    if (done > deadline) return 'revoked behind one at work'
  }
  if (handled > stay.killed) return 'killed at work'
  if (done > stay.killed) return 'killed behind one at work'
  return stay.killed - done < commitWithin ? 'killed before its commit' : undefined
}

function reasonOfPython({ stay, uncommitted }: Piece): Reason | undefined {
  if (uncommitted) return 'a commit of Python refused'
  return stay.end === 'killed' ? 'Python killed at work or before its commit' : undefined
}

function inWords(before: Piece, again: Piece, known: number): string {
  const { life, stay, partition, offset, begun, handled } = before
  const at = (time: number): string => (Number.isFinite(time) ? String(Math.round(time)) : 'never')
  return (
    `${partition}@${offset}: begun by ${life.name} at ${at(begun)}, handled ${at(handled)}, ` +
    `${stay.end} at ${at(stay.ended)}; again by ${again.life.name}, assigned at ${at(again.stay.assigned)}, when ${known} was committed`
  )
}

/** What is wrong with the commits: backwards, or ahead of what was handled until then. @param within ms by which clocks differ */
export function wrongCommits(pieces: readonly Piece[], commits: readonly Commit[], within = BLUR): string[] {
  const wrong: string[] = []
  for (const [partition, own] of groupBy(commits, commit => commit.partition)) {
    const first = new Map<number, number>()
    for (const { offset, handled } of pieces.filter(piece => piece.partition === partition)) {
      first.set(offset, Math.min(first.get(offset) ?? handled, handled))
    }
    let highest = 0
    for (const { offset, at } of own) {
      if (offset < highest) wrong.push(`${partition}: committed ${offset} at ${at}, after ${highest}`)
      for (; highest < offset; highest++) {
        const handled = first.get(highest)
        if (handled === undefined || handled > at + within) wrong.push(`${partition}@${highest}: committed at ${at}, handled ${handled}`)
      }
    }
  }
  return wrong
}

function groupBy<T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const group = groups.get(key(item))
    if (group) group.push(item)
    else groups.set(key(item), [item])
  }
  return groups
}
