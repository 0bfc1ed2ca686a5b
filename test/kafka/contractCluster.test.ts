import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import { brokerCases } from '../contract/brokers.ts'
import { type OpenBed, openKafkaBed } from './kafkaBed.ts'

describe('the contract on three brokers', () => {
  let bed: OpenBed

  beforeAll(async () => {
    bed = await openKafkaBed(3)
  })
  afterEach(() => bed.tidy())
  afterAll(() => bed.close())

  brokerCases(() => bed)
})
