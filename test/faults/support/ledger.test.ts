import { describe, expect, it } from 'vitest'
import { Ledger, longestLag } from './ledger.ts'

describe('Ledger', () => {
  it('finds nothing wrong where all arrives once and in order', () => {
    const ledger = new Ledger()
    for (const n of [0, 1, 2]) ledger.sent(0, n, n)
    for (const n of [0, 1, 2]) ledger.got(0, n, n + 5)
    expect(ledger.verdict()).toEqual({ sent: 3, lost: [], doubled: [], disordered: [], silence: 1 })
    expect(ledger.missing).toBe(0)
  })

  it('names what was acknowledged and never arrived, by partition', () => {
    const ledger = new Ledger()
    ledger.sent(0, 7)
    ledger.sent(1, 7)
    ledger.got(0, 7)
    expect(ledger.verdict().lost).toEqual(['1@7'])
    expect(ledger.missing).toBe(1)
  })

  it('counts each arrival beyond the first as doubled, and not as out of order', () => {
    const ledger = new Ledger()
    for (const n of [1, 2]) ledger.sent(0, n)
    for (const n of [1, 2, 1, 1]) ledger.got(0, n)
    expect(ledger.verdict()).toMatchObject({ lost: [], doubled: ['0@1', '0@1'], disordered: [] })
    expect(ledger.doubled).toBe(2)
  })

  it('tells what came for the first time after a later one of its partition', () => {
    const ledger = new Ledger()
    for (const n of [1, 3, 2, 4]) ledger.got(0, n)
    ledger.got(1, 0)
    expect(ledger.verdict().disordered).toEqual(['0@2'])
  })

  it('takes no offence at an arrival before its acknowledgement, or without any', () => {
    const ledger = new Ledger()
    ledger.got(0, 1, 10)
    ledger.sent(0, 1, 12)
    ledger.got(0, 2, 13)
    expect(ledger.missing).toBe(0)
    expect(ledger.verdict()).toMatchObject({ sent: 1, lost: [] })
    expect(longestLag(ledger.passages())).toBe(0)
  })

  it('measures the longest way, the longest silence of a partition, and the recovery from an outage', () => {
    const ledger = new Ledger()
    ledger.sent(0, 1, 100)
    ledger.got(0, 1, 110)
    ledger.sent(0, 2, 200)
    ledger.sent(0, 3, 350)
    ledger.got(1, 9, 290)
    ledger.got(0, 2, 330)
    ledger.got(0, 3, 360)
    expect(longestLag(ledger.passages())).toBe(130)
    expect(ledger.verdict().silence).toBe(220)
    expect(ledger.recovery(300)).toBe(30) // what was acknowledged later does not count
    expect(ledger.nextAfter(300)).toBe(30)
    expect(ledger.nextAfter(360)).toBe(Number.POSITIVE_INFINITY)
  })

  it('does not take two acknowledgements of one record', () => {
    const ledger = new Ledger()
    ledger.sent(0, 1)
    expect(() => ledger.sent(0, 1)).toThrow('0@1 was acknowledged twice')
  })
})
