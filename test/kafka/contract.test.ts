import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import type { ContractBed } from '../contract/bed.ts'
import { closingCases } from '../contract/closing.ts'
import { faultingCases } from '../contract/faulting.ts'
import { readingCases } from '../contract/reading.ts'
import { topicCases } from '../contract/topics.ts'
import { writingCases } from '../contract/writing.ts'
import { openKafkaBed } from './kafkaBed.ts'

describe('the contract on Kafka', () => {
  let bed: ContractBed & { close(): Promise<void> }
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
})
