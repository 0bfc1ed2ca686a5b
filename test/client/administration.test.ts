import { describe, expect, it, test } from 'vitest'
import { ConfigError } from '../../src/index.ts'
import { ClientRig, configError, rejection } from './rig.ts'

describe('getTopics()', () => {
  const named = new ClientRig(
    'interop.a',
    'xinterop.alien',
    'a.interop.b',
    'interop.deep.name',
    'interop',
    'interop-test.x',
    '__consumer_offsets',
  )

  test.each<[string | null | undefined, string[]]>([
    [undefined, ['a', 'deep.name']],
    ['interop', ['a', 'deep.name']],
    ['interop-test', ['x']],
    ['xinterop', ['alien']],
    ['test', []],
    [null, ['a.interop.b', 'interop', 'interop-test.x', 'interop.a', 'interop.deep.name', 'xinterop.alien']],
  ])('of %j: exactly the prefix, sorted', async (group, topics) => {
    expect(await named.client({ group: 'interop' }).getTopics(group)).toEqual(topics)
  })

  it('leaves out what this user may not see', async () => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b')
    rig.transport.forbid('gracedb.b')
    expect(await rig.client().getTopics()).toEqual(['a'])
  })

  it('rejects when nobody answers', async () => {
    const rig = new ClientRig()
    rig.transport.goOffline()
    expect(await rejection(rig.client().getTopics())).toMatchObject({ code: 'ALERT_CONNECTION' })
  })
})

describe('cursor()', () => {
  const positions = async (at?: 'latest' | 'earliest' | Date, names?: string[]) => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b', 'other.c')
    rig.append('gracedb.a', 1, 2)
    await rig.clock.advance(10_000)
    rig.append('gracedb.a', 3)
    rig.append('gracedb.b', 1)
    const cursor = await rig.client().cursor(names, at)
    return { rig, cursor, offsets: cursor.positions.map(({ topic, offset }) => `${topic}@${offset}`).sort() }
  }

  it('is the end of every topic of the group', async () => {
    const { rig, cursor, offsets } = await positions()
    expect(offsets).toEqual(['gracedb.a@3', 'gracedb.b@1'])
    expect(cursor.time).toBe(rig.clock.now())
    expect(cursor.topics.get('gracedb.a')!.id).toBe(rig.log.topic('gracedb.a')!.id)
  })

  it('of named topics, at the beginning', async () => {
    expect((await positions('earliest', ['a'])).offsets).toEqual(['gracedb.a@0'])
  })

  it('at a date, which is its time', async () => {
    const date = new Date(1_700_000_000_000 + 5_000)
    const { cursor, offsets } = await positions(date)
    expect(offsets).toEqual(['gracedb.a@2', 'gracedb.b@0'])
    expect(cursor.time).toBe(date.getTime())
  })

  it('rejects where a topic cannot be read, or there is none', async () => {
    const rig = new ClientRig('gracedb.a')
    const client = rig.client()
    expect(await rejection(client.cursor(['a', 'nope']))).toMatchObject({ code: 'ALERT_TOPIC_UNKNOWN' })
    expect((await rejection(client.cursor([]))).message).toContain('cursor() got an empty list of topics')
    expect((await rejection(rig.client({ group: 'empty' }).cursor())).message).toContain('shows no topic of group empty')
    expect(await rejection(client.cursor(['a b']))).toBeInstanceOf(ConfigError)
  })
})

describe('subscriptions', () => {
  test('are a set, sorted, of names that Kafka would take', () => {
    const client = new ClientRig().client()
    expect(client.getSubscriptions()).toEqual([])
    client.subscribe(['b', 'a'])
    client.subscribe('a')
    expect(client.getSubscriptions()).toEqual(['a', 'b'])
    client.unsubscribe(['b', 'never'])
    expect(client.getSubscriptions()).toEqual(['a'])
    expect(configError(() => client.subscribe(['c', 'd d'])).message).toContain("Not a topic's name: 'd d'")
    expect(client.getSubscriptions()).toEqual(['a'])
    client.getSubscriptions().push('not mine')
    expect(client.getSubscriptions()).toEqual(['a'])
  })
})

describe('delete()', () => {
  it('deletes at the broker, with the full name as confirmation', async () => {
    const rig = new ClientRig('gracedb.old')
    await rig.client().delete('old', { confirm: 'gracedb.old' })
    expect(rig.log.topics).toEqual([])
  })

  test.each<[unknown, string]>([
    [
      { confirm: 'old' },
      "delete('old') was confirmed with 'old'. It deletes every alert of the topic for everybody. If that is meant: { confirm: 'gracedb.old' }",
    ],
    [{}, "delete('old') was confirmed with undefined"],
    [undefined, "delete('old') was confirmed with undefined"],
    [{ confirm: true }, "delete('old') was confirmed with true"],
  ])('not with %j', async (options, text) => {
    const rig = new ClientRig('gracedb.old')
    const error = await rejection(rig.client().delete('old', options as { confirm: string }))
    expect(error).toBeInstanceOf(ConfigError)
    expect(error.message).toContain(text)
    expect(rig.log.topics).toEqual(['gracedb.old'])
  })

  it('says what stands against it', async () => {
    const rig = new ClientRig('gracedb.kept')
    const client = rig.client()
    expect(await rejection(client.delete('gone', { confirm: 'gracedb.gone' }))).toMatchObject({ code: 'ALERT_TOPIC_UNKNOWN' })
    rig.transport.forbid('gracedb.kept', 'delete')
    expect(await rejection(client.delete('kept', { confirm: 'gracedb.kept' }))).toMatchObject({ code: 'ALERT_TOPIC_FORBIDDEN' })
  })
})
