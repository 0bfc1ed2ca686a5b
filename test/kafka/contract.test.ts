import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { closingCases } from '../contract/closing.ts'
import { faultingCases } from '../contract/faulting.ts'
import { groupCases } from '../contract/groups.ts'
import { readingCases } from '../contract/reading.ts'
import { topicCases } from '../contract/topics.ts'
import { writingCases } from '../contract/writing.ts'
import { type OpenBed, openKafkaBed } from './kafkaBed.ts'

describe('the contract on Kafka', () => {
  let bed: OpenBed
  const given = () => bed

  beforeAll(async () => {
    bed = await openKafkaBed()
  })
  afterEach(() => bed.tidy())
  afterAll(() => bed.close())

  describe('reading', () => readingCases(given))
  describe('faults', () => faultingCases(given))
  describe('topics', () => topicCases(given))
  describe('writing', () => writingCases(given))
  describe('closing', () => closingCases(given))
  describe('groups', () => groupCases(given))
})
