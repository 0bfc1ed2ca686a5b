import { describe, expect, it } from 'vitest'
import type { MemberLine } from '../programs/member.ts'
import { explain, wrongCommits } from './doubles.ts'
import type { Commit } from './groupLog.ts'
import { Life } from './lives.ts'

const OPTIONS = { revokeTimeout: 500, commitWithin: 1000 }

interface Story {
  readonly killed?: number | undefined
  /** @default true */
  readonly isOurs?: boolean | undefined
}

/** A member of partition 0 that said so, e.g. 'assigned 100, begun 101 @5'. */
function life(said: string, { killed, isOurs = true }: Story = {}): Life {
  const member = new Life('it', isOurs)
  for (const [, type, at, offset] of said.matchAll(/(\w+) (\d+)(?: @(\d+))?/g)) {
    const n = type === 'begun' ? member.pieces.length : member.pieces.findIndex(piece => piece.offset === Number(offset))
    const line = { type, at: Number(at), n, partition: 0, offset: Number(offset), partitions: [0], lost: false, message: '' }
    member.take(line as MemberLine)
  }
  if (killed !== undefined) member.killed(killed)
  return member
}

const commit = (offset: number, at: number): Commit => ({ partition: 0, offset, at })

/** Why its record 5 came again, to a member that was assigned at 9000. */
function reasonOf(said: string, story?: Story, commits: readonly Commit[] = []): string {
  const pieces = [life(said, story), life('assigned 9000, begun 9001 @5')].flatMap(each => each.pieces)
  const { reasons, unexplained } = explain(pieces, commits, OPTIONS)
  return unexplained.length > 0 ? 'none' : [...reasons.keys()].join()
}

describe('why a record came twice', () => {
  it.each([
    ['killed at work', 'begun 101 @5', 200],
    ['killed before its commit', 'begun 101 @5, handled 150 @5', 200],
    ['none', 'begun 101 @5, handled 150 @5', 1500],
    ['killed behind one at work', 'begun 101 @4, begun 101 @5, handled 150 @5', 1500],
    ['none', 'begun 101 @5, begun 101 @6, handled 150 @5', 1500],
    ['revoked at work', 'begun 101 @5, revoked 200, handled 750 @5', undefined],
    ['none', 'begun 101 @5, revoked 200, handled 650 @5', undefined],
    ['killed before its commit', 'begun 101 @5, revoked 200, handled 650 @5', 660],
    ['revoked behind one at work', 'begun 101 @4, begun 101 @5, handled 150 @5, revoked 200', undefined],
    ['none', 'begun 101 @5, handled 150 @5, closed 200', undefined],
    ['none', 'begun 101 @5, closed 200', undefined],
  ])('%s: %s', (expected, said, killed) => {
    expect(reasonOf(`assigned 100, ${said}`, { killed })).toBe(expected)
  })

  it('is no reason at all where the group had it down as done', () => {
    const said = 'assigned 100, begun 101 @5'
    expect(reasonOf(said, { killed: 200 }, [commit(5, 150)])).toBe('killed at work')
    expect(reasonOf(said, { killed: 200 }, [commit(6, 150)])).toBe('none')
    expect(reasonOf(said, { killed: 200 }, [commit(6, 9100)])).toBe('killed at work')
  })

  it('is a killed process or a refused commit in Python', () => {
    const said = 'assigned 100, begun 101 @5, handled 150 @5'
    expect(reasonOf(said, { isOurs: false, killed: 3000 })).toBe('Python killed at work or before its commit')
    expect(reasonOf(`${said}, uncommitted 160 @5`, { isOurs: false })).toBe('a commit of Python refused')
    expect(reasonOf(`${said}, revoked 200`, { isOurs: false })).toBe('none')
  })
})

it('a member may not begin what it holds no longer', () => {
  expect(life('begun 100 @5').troubles).toHaveLength(1)
  expect(life('assigned 100, revoked 200, begun 201 @5').troubles).toHaveLength(1)
  expect(life('assigned 100, begun 101 @5').troubles).toEqual([])
})

describe('a commit', () => {
  const { pieces } = life('assigned 100, begun 101 @0, begun 101 @1, handled 200 @0, handled 300 @1')

  it('is right behind what was handled', () => {
    expect(wrongCommits(pieces, [commit(0, 100), commit(1, 210), commit(2, 310)])).toEqual([])
  })

  it('is wrong ahead of it, and backwards', () => {
    expect(wrongCommits(pieces, [commit(2, 210)])).toHaveLength(1)
    expect(wrongCommits(pieces, [commit(3, 310)])).toHaveLength(1)
    expect(wrongCommits(pieces, [commit(2, 310), commit(1, 320)])).toHaveLength(1)
  })
})
