import { describe, expect, it } from 'vitest'
import { ASSIGNERS, type Assigner, type Subscriber } from '../../src/transports/assigners.ts'

function assign(assigner: Assigner, members: Record<string, readonly string[]>, counts: Record<string, number>) {
  const subscribers: Subscriber[] = Object.entries(members).map(([memberId, topics]) => ({ memberId, topics }))
  const assigned = ASSIGNERS[assigner](subscribers, new Map(Object.entries(counts)))
  return Object.fromEntries([...assigned].map(([id, own]) => [id, own.map(({ topic, partition }) => `${topic}${partition}`).join(' ')]))
}

// The expectations are the examples in the documentation of Kafka's RangeAssignor and RoundRobinAssignor.
describe('range', () => {
  it('gives each its run of each topic, the first ones more', () => {
    const topics = ['t', 'u']
    expect(assign('range', { c1: topics, c0: topics }, { t: 3, u: 3 })).toEqual({ c0: 't0 t1 u0 u1', c1: 't2 u2' })
  })

  it('gives nothing to those that are too many', () => {
    expect(assign('range', { a: ['t'], b: ['t'], c: ['t'] }, { t: 2 })).toEqual({ a: 't0', b: 't1', c: '' })
  })

  it('shares a topic among its subscribers alone', () => {
    expect(assign('range', { a: ['t'], b: ['u'], c: ['t', 'u'] }, { t: 2, u: 3 })).toEqual({ a: 't0', b: 'u0 u1', c: 't1 u2' })
  })
})

describe('roundrobin', () => {
  it('deals partition by partition over all topics', () => {
    const topics = ['t', 'u']
    expect(assign('roundrobin', { c0: topics, c1: topics }, { t: 3, u: 3 })).toEqual({ c0: 't0 t2 u1', c1: 't1 u0 u2' })
  })

  it('passes over those who do not subscribe', () => {
    const members = { c0: ['t'], c1: ['t', 'u'], c2: ['t', 'u', 'v'] }
    expect(assign('roundrobin', members, { t: 1, u: 2, v: 3 })).toEqual({ c0: 't0', c1: 'u0', c2: 'u1 v0 v1 v2' })
  })
})

describe.each(['range', 'roundrobin'] as const)('%s', assigner => {
  it('leaves alone what nobody subscribes to, or is not there', () => {
    expect(assign(assigner, { a: ['t', 'gone'] }, { t: 1, other: 4, gone: 0 })).toEqual({ a: 't0' })
  })
})
