import { describe, expect, it } from 'vitest'
import { nearest } from '../../src/sources/nearest.ts'

const EXISTING = ['gracedb.superevent', 'gracedb.cbc_gstlal', 'gracedb.cbc_pycbc', 'sys.heartbeat']

describe('the nearest names', () => {
  it.each([
    ['gracedb.supervent', 'gracedb.superevent'],
    ['gracedb.SUPEREVENT', 'gracedb.superevent'],
    ['gracedb.superevents', 'gracedb.superevent'],
    ['heartbeat', 'sys.heartbeat'],
  ])('to %s begin with %s', (wanted, first) => {
    expect(nearest(wanted, EXISTING)[0]).toBe(first)
  })

  it('are at most so many as asked for, the nearest first, in order where they are as near', () => {
    expect(nearest('gracedb.cbc_', EXISTING, 2)).toEqual(['gracedb.cbc_pycbc', 'gracedb.cbc_gstlal'])
    expect(nearest('b', ['c', 'a'])).toEqual(['a', 'c'])
  })

  it('are none where nothing is near', () => {
    expect(nearest('igwn.gwalert', ['completely-different-name'])).toEqual([])
    expect(nearest('x', [])).toEqual([])
  })
})
