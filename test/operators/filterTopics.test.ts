import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../src/errors.ts'
import { filterTopics } from '../../src/operators/filterTopics.ts'
import { FakePartition, plainRecord } from '../support/deliveries.ts'
import { marbles, payloads } from '../support/marbles.ts'
import { passesRecordsOn } from './passing.ts'

const recordOf = (topic: string) => plainRecord(topic, {}, { topic, fullTopic: `gracedb.${topic}` })
const records = { s: recordOf('superevent'), g: recordOf('cbc_gstlal'), m: recordOf('cbc_mbta') }
const topics = { s: 'superevent', g: 'cbc_gstlal', m: 'cbc_mbta' }

describe('filterTopics', () => {
  passesRecordsOn(() => filterTopics('superevent'))

  it.each([
    ['one name', filterTopics('superevent'), '               --s---s-|'],
    ['a name with the prefix', filterTopics('gracedb.superevent'), ' --s---s-|'],
    ['several names', filterTopics('superevent', 'gracedb.cbc_mbta'), '--s-m-s-|'],
    ['a predicate', filterTopics(topic => topic.startsWith('cbc_')), '-g--m---|'],
    ['a predicate of the record', filterTopics((_topic, { fullTopic }) => fullTopic.endsWith('mbta')), '----m---|'],
    ['a name that none has', filterTopics('gracedb'), '              --------|'],
  ])('lets through by %s', (_, operator, expected) => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-gs-m-s-|', records)
      const subs = '       ^-------!'
      expectObservable(source.pipe(operator, payloads())).toBe(expected.trim(), topics)
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
  })

  it('ends with the error of the predicate', () => {
    const partition = new FakePartition()
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold(' -1-2-|')
      const subs = '       ^!'
      const expected = '   -#'
      const failing = filterTopics(() => {
        throw new TypeError('topic')
      })
      expectObservable(partition.deliver(source).pipe(failing)).toBe(expected, undefined, new TypeError('topic'))
      expectSubscriptions(source.subscriptions).toBe(subs)
    })
    expect(partition.states).toEqual(['released'])
  })

  it('acks what it drops where records wait for their ack', () => {
    const partition = new FakePartition({}, { bornHeld: true })
    marbles(({ cold, expectObservable }) => {
      expectObservable(partition.deliver(cold('-1-|')).pipe(filterTopics('cbc_mbta'))).toBe('---|')
    })
    expect(partition.states).toEqual(['acked'])
  })

  it('refuses to drop everything', () => {
    expect(() => filterTopics()).toThrow(ConfigError)
    expect(() => filterTopics()).toThrow('filterTopics() got no topic. Name at least one, or leave the operator out')
  })
})
