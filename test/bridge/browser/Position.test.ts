import { describe, expect, it } from 'vitest'
import { Position } from '../../../src/bridge/browser/Position.ts'
import type { Gap, WireRecord } from '../../../src/bridge/protocol/events.ts'

/** Has the records of t[0] up to 4. */
function position(): Position {
  const position = new Position()
  for (let offset = 0; offset < 5; offset++) position.take({ topicId: 't', partition: 0, offset } as WireRecord)
  return position
}
const gap = (from: number, to: number, fields: Partial<Gap> = {}): Gap => ({
  topic: 't',
  partition: 0,
  from,
  to,
  reason: 'busy',
  ...fields,
})

describe('a gap, of a client that has the offsets to 4', () => {
  it.each([
    ['all of it', gap(5, 9), gap(5, 9)],
    ['what it has not', gap(2, 9), gap(5, 9)],
    ['nothing', gap(0, 5), undefined],
    ['all of it, of another partition', gap(0, 5, { partition: 1 }), gap(0, 5, { partition: 1 })],
    ['all of it, of a topic that was made anew', gap(5, 0, { reason: 'recreated' }), gap(5, 0, { reason: 'recreated' })],
  ])('is %s', (_, said, missed) => expect(position().miss(said)).toEqual(missed))

  it('of a topic that was made anew makes its offsets new', () => {
    const anew = position()
    expect(anew.take({ topicId: 't', partition: 0, offset: 0 } as WireRecord)).toBe(false)
    anew.miss(gap(5, 0, { reason: 'recreated' }))
    expect(anew.take({ topicId: 't', partition: 0, offset: 0 } as WireRecord)).toBe(true)
  })
})
