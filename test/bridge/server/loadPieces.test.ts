import { describe, expect, it } from 'vitest'
import { Pieces } from '../../../src/bridge/server/Pieces.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const textsOf = (pieces: readonly Uint8Array[]): string[] => pieces.map(piece => new TextDecoder().decode(piece))

const [a, b, c] = ['a', 'b', 'c'].map(bytes) as [Uint8Array, Uint8Array, Uint8Array]

describe('events that several sessions take alike', () => {
  it('are joined from the second time on, and then shared', () => {
    const pieces = new Pieces()
    expect(textsOf(pieces.join([a, b, c]))).toEqual(['a', 'b', 'c'])
    const [joined] = pieces.join([a, b, c])
    expect(textsOf([joined!])).toEqual(['abc'])
    expect(pieces.join([a, b, c])[0]).toBe(joined)
  })

  it('are told apart from those that only begin alike', () => {
    const pieces = new Pieces()
    for (const [events, text] of [
      [[a, b, c], 'abc'],
      [[a, c, b], 'acb'],
      [[a, b], 'ab'],
    ] as const) {
      for (let time = 0; time < 3; time++) expect(textsOf(pieces.join(events)).join('')).toBe(text)
    }
  })

  it('that are large, or one alone, or none, stay as they are', () => {
    const pieces = new Pieces()
    const large = new Uint8Array(128 * 1024)
    for (const events of [[large, a], [a], []]) {
      pieces.join(events)
      expect(pieces.join(events)).toBe(events)
    }
  })

  it('are forgotten after a while: what falls off the ring is not kept here', () => {
    const pieces = new Pieces()
    pieces.join([a, b])
    for (let n = 0; n < 64; n++) pieces.join([bytes('x'), b])
    expect(pieces.join([a, b])).toHaveLength(2)
  })
})
