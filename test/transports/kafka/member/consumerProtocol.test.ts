import { describe, expect, it } from 'vitest'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from '../../../../src/transports/kafka/member/consumerProtocol.ts'
import { shareOut, subscribersOf } from '../../../../src/transports/kafka/member/shareOut.ts'
import { WireWriter } from '../../../bed/wire.ts'

const at = (topic: string, partition: number) => ({ topic, partition })

/** As Java and librdkafka write them, of each version. */
function subscription(version: number, topics: readonly string[]): Buffer {
  const writer = new WireWriter().int16(version).int32(topics.length)
  for (const topic of topics) writer.string(topic)
  writer.int32(3).raw(Buffer.from('any')) // user data
  if (version >= 1) writer.int32(1).string('owned').int32(1).int32(7)
  if (version >= 2) writer.int32(5) // generation
  if (version >= 3) writer.string('rack')
  return writer.build()
}

describe('a subscription', () => {
  it('is written as version 0, its topics in order', () => {
    const bytes = new WireWriter().int16(0).int32(2).string('a').string('ä.b').int32(0).build()
    expect(encodeSubscription(['ä.b', 'a'])).toEqual(bytes)
    expect(encodeSubscription(['a', 'ä.b'])).toEqual(bytes)
    expect(decodeSubscription(bytes)).toEqual(['a', 'ä.b'])
  })

  it.each([0, 1, 2, 3, 9])('is read of version %i, whatever comes behind the topics', version => {
    expect(decodeSubscription(subscription(version, ['t', 'u', 't']))).toEqual(['t', 'u'])
  })

  it('without user data is read', () => {
    expect(decodeSubscription(new WireWriter().int16(0).int32(1).string('t').int32(-1).build())).toEqual(['t'])
  })

  it.each([
    ['no bytes', Buffer.alloc(0)],
    ['a negative version', new WireWriter().int16(-1).int32(0).build()],
    ['fewer topics than said', new WireWriter().int16(0).int32(2_000_000_000).string('t').build()],
    ['a name longer than the rest', new WireWriter().int16(0).int32(1).int16(30_000).build()],
    ['a name of negative length', new WireWriter().int16(0).int32(1).int16(-5).int32(0).build()],
  ])('of %s is refused', (_, bytes) => {
    expect(() => decodeSubscription(bytes)).toThrow(RangeError)
  })
})

describe('an assignment', () => {
  it('comes back as it was', () => {
    const partitions = [at('t', 0), at('t', 2), at('__proto__', 1)]
    expect(decodeAssignment(encodeAssignment(partitions))).toEqual(partitions)
  })

  it('is written as version 0', () => {
    const bytes = new WireWriter().int16(0).int32(1).string('t').int32(2).int32(0).int32(1).int32(0).build()
    expect(encodeAssignment([at('t', 0), at('t', 1)])).toEqual(bytes)
  })

  it('may be empty, also without bytes', () => {
    expect(decodeAssignment(encodeAssignment([]))).toEqual([])
    expect(decodeAssignment(Buffer.alloc(0))).toEqual([])
  })

  it('names each partition once', () => {
    const twice = new WireWriter().int16(1).int32(2).string('t').int32(2).int32(0).int32(0).string('t').int32(1).int32(0).int32(-1).build()
    expect(decodeAssignment(twice)).toEqual([at('t', 0)])
  })

  it.each([
    ['a negative partition', new WireWriter().int16(0).int32(1).string('t').int32(1).int32(-1).build()],
    ['fewer partitions than said', new WireWriter().int16(0).int32(1).string('t').int32(1_000_000_000).int32(1).build()],
    ['a negative version', new WireWriter().int16(-2).int32(0).build()],
  ])('of %s is refused', (_, bytes) => {
    expect(() => decodeAssignment(bytes)).toThrow(RangeError)
  })
})

describe('the leader', () => {
  const sharesOf = (assigner: string, members: Parameters<typeof subscribersOf>[0], counts: Record<string, number>) =>
    shareOut(assigner, subscribersOf(members, undefined), new Map(Object.entries(counts))).map(({ memberId, memberAssignment }) => [
      memberId,
      decodeAssignment(memberAssignment),
    ])

  it.each(['range', 'roundrobin'])('gives by %s to each member of its own topics, also to those of later versions', assigner => {
    const members = [
      { memberId: 'ours', memberMetadata: encodeSubscription(['t']) },
      { memberId: 'theirs', memberMetadata: subscription(3, ['u']) },
    ]
    expect(sharesOf(assigner, members, { t: 2, u: 1 })).toEqual([
      ['ours', [at('t', 0), at('t', 1)]],
      ['theirs', [at('u', 0)]],
    ])
  })

  it('gives nothing to a member whose words it cannot read, and everything to the others', () => {
    const members = [
      { memberId: 'odd', memberMetadata: Buffer.from([0]) },
      { memberId: 'none', memberMetadata: null },
      { memberId: 'good', memberMetadata: encodeSubscription(['t']) },
    ]
    expect(sharesOf('range', members, { t: 1 })).toEqual([
      ['odd', []],
      ['none', []],
      ['good', [at('t', 0)]],
    ])
  })

  it('shares out by nothing that it did not offer', () => {
    expect(() => sharesOf('cooperative-sticky', [], {})).toThrow('cooperative-sticky')
    expect(() => sharesOf('toString', [], {})).toThrow('was not offered')
  })
})
