import { afterEach, beforeEach, describe } from 'vitest'
import type { ClusterBed, GroupBed } from './bed.ts'
import { brokerCases } from './brokers.ts'
import { closingCases } from './closing.ts'
import { faultingCases } from './faulting.ts'
import { groupCases } from './groups.ts'
import { memoryBed } from './memoryBed.ts'
import { readingCases } from './reading.ts'
import { topicCases } from './topics.ts'
import { writingCases } from './writing.ts'

describe.each([
  { what: 'one broker', brokers: 1, latency: 0 },
  { what: 'three brokers, 5 ms away', brokers: 3, latency: 5 },
])('the contract in memory: $what', ({ brokers, latency }) => {
  let bed: GroupBed & ClusterBed
  const given = () => bed

  beforeEach(() => {
    bed = memoryBed({ brokers, latency })
  })
  afterEach(() => bed.tidy())

  describe('reading', () => readingCases(given))
  describe('faults', () => faultingCases(given))
  describe('topics', () => topicCases(given))
  describe('writing', () => writingCases(given))
  describe('closing', () => closingCases(given))
  describe('groups', () => groupCases(given))
  if (brokers > 1) describe('brokers', () => brokerCases(given))
})
