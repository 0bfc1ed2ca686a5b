import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import type { ClusterBed } from '../contract/bed.ts'
import { brokerCases } from '../contract/brokers.ts'
import { openKafkaBed } from './kafkaBed.ts'

describe('the contract on three brokers', () => {
  let bed: ClusterBed & { close(): Promise<void> }

  beforeAll(async () => {
    bed = await openKafkaBed(3)
  })
  afterEach(() => bed.tidy())
  afterAll(() => bed.close())

  brokerCases(() => bed)
})
