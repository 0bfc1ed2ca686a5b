import { describe, expect, it } from 'vitest'
import { decodePayload, ExternalReference, outgoing } from '../../src/index.ts'
import { ClientRig, recordsOf, rejection } from '../client/rig.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('what is written', () => {
  it.each([
    ['a text', 'a string'],
    ['a list', ['a', 'B', 'c']],
    ['an object', { dict: true, other_data: [5, 17] }],
    ['bytes', Uint8Array.of(65, 0, 66, 4)],
    ['null', null],
  ])('is read back as it was: %s', async (_what, message) => {
    const rig = new ClientRig('gracedb.t')
    const client = rig.client({ from: 'earliest' })
    await client.publish('t', message)
    const got: unknown[] = []
    client.listen((_topic, payload) => got.push(payload), 't')
    await rig.settle()
    expect(got).toEqual([message])
  })

  it("keeps the caller's headers as they were given, however often they are used", async () => {
    const rig = new ClientRig('gracedb.t')
    const client = rig.client({ from: 'earliest', tests: 'include' })
    const headers: [string, string][] = [['some header', 'some value']]
    await client.publish('t', outgoing(1, { headers, test: true }))
    await client.publish('t', outgoing(2, { headers }))
    expect(headers).toEqual([['some header', 'some value']])
    const records = await recordsOf(rig, client.topic('t'))
    expect(records.map(record => record.headers.map(({ name }) => name))).toEqual([
      ['some header', '_id', '_test', '_format'],
      ['some header', '_id', '_format'],
    ])
    expect(records.map(({ isTest }) => isTest)).toEqual([true, false])
    expect(new Set(records.map(({ id }) => id)).size).toBe(2)
  })
})

describe('a client that is closed while the server is away', () => {
  it('says of each message that it was not stored', async () => {
    const rig = new ClientRig('gracedb.t')
    const client = rig.client({ deliveryTimeout: 1_000 })
    await client.connect('t')
    rig.transport.goOffline()
    client.publishToTopic('t', 'abc')
    const sent = rejection(client.publish('t', 'def'))
    const closed = client.close()
    await rig.clock.advance(5_000)
    await closed
    expect(await sent).toMatchObject({ stored: false })
    expect(rig.said('failed')).toHaveLength(1)
    expect(rig.logged.filter(({ level }) => level === 'error')).toHaveLength(1)
  })
})

describe('several topics at once', () => {
  it('each record says of which topic it is, raw or decoded', async () => {
    const rig = new ClientRig('gcn1', 'gcn2')
    rig.append('gcn1', { n: 1 })
    rig.append('gcn2', { n: 2 })
    const records = await recordsOf(rig, rig.client({ group: null, from: 'earliest' }).topics(['gcn1', 'gcn2']))
    expect(records.map(record => [record.topic, record.payload, decodePayload(record)])).toEqual([
      ['gcn1', bytes('{"n":1}'), { n: 1 }],
      ['gcn2', bytes('{"n":2}'), { n: 2 }],
    ])
  })
})

describe('a message that is kept elsewhere, with fetchExternal: false', () => {
  it('is given as a reference, with its URL', async () => {
    const rig = new ClientRig('gracedb.t')
    const url = 'https://example.invalid/msg/1234'
    const value = JSON.stringify({ url })
    rig.log.append('gracedb.t', { value, headers: [{ name: '_format', value: bytes('external') }] })
    const got: unknown[] = []
    rig.client({ from: 'earliest', fetchExternal: false }).listen((_topic, payload) => got.push(payload), 't')
    await rig.settle()
    expect(got).toEqual([new ExternalReference(url)])
  })
})
