import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, it, onTestFinished } from 'vitest'
import { outgoing, type PublishEvent, type Status } from '../../src/index.ts'
import { ClientRig, collect, rejection } from './rig.ts'

/** What a channel says from now on. */
function heardOn<T>(name: string): T[] {
  const heard: T[] = []
  const listener = (message: unknown): void => void heard.push(message as T)
  subscribe(name, listener)
  onTestFinished(() => void unsubscribe(name, listener))
  return heard
}

describe('node:diagnostics_channel', () => {
  it('igwn-alert-rx:status: what status$ says, of every client, whoever has it', async () => {
    const rig = new ClientRig('gracedb.t', 'other.t')
    const heard = heardOn<Status>('igwn-alert-rx:status')
    collect(rig.client().topic('t'))
    collect(rig.client({ group: 'other' }).topic('t'))
    await rig.settle()
    expect(heard).toEqual(rig.statuses)
    expect(new Set(heard.map(({ group }) => group))).toEqual(new Set(['gracedb', 'other']))
  })

  it('igwn-alert-rx:publish: the fate of each message, without what is in it', async () => {
    const rig = new ClientRig('gracedb.t')
    const heard = heardOn<PublishEvent>('igwn-alert-rx:publish')
    const client = rig.client()
    const { id } = await client.publish('t', { superevent_id: 'S1' })
    client.sink('t').next(outgoing(undefined))
    await rig.settle()
    rig.transport.forbid('gracedb.t', 'write')
    const failed = rejection(client.publish('t', 3))
    await rig.settle()
    await failed
    const common = { server: 'memory:9092', group: 'gracedb', topic: 'gracedb.t', time: rig.clock.now() }
    const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/)
    expect(heard).toEqual([
      { ...common, id, stored: true, partition: 0, offset: 0, error: undefined },
      {
        ...common,
        id: uuid,
        stored: false,
        partition: undefined,
        offset: undefined,
        error: expect.objectContaining({ code: 'ALERT_UNWRITABLE' }),
      },
      {
        ...common,
        id: uuid,
        stored: false,
        partition: undefined,
        offset: undefined,
        error: expect.objectContaining({ code: 'ALERT_TOPIC_FORBIDDEN' }),
      },
    ])
    expect(JSON.stringify(heard)).not.toContain('S1')
  })

  it('says nothing to those who have left', async () => {
    const rig = new ClientRig('gracedb.t')
    const heard: unknown[] = []
    const listener = (message: unknown): void => void heard.push(message)
    subscribe('igwn-alert-rx:publish', listener)
    unsubscribe('igwn-alert-rx:publish', listener)
    await rig.client().publish('t', 1)
    expect(heard).toEqual([])
  })
})
