import { describe, expect, it } from 'vitest'
import type { Status } from '../../src/status.ts'
import { ClientRig } from './rig.ts'

describe('onStatus', () => {
  it('is told of its stream alone', async () => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b')
    const client = rig.client()
    const heard: Status[] = []
    client.topic('a', { onStatus: status => heard.push(status) }).subscribe()
    client.topic('b').subscribe()
    await rig.settle()
    expect(heard.map(({ type }) => type)).toEqual(['connecting', 'positioned', 'connected'])
    expect(new Set(heard.flatMap(({ topics }) => topics))).toEqual(new Set(['gracedb.a']))
    expect(rig.said('connected')).toHaveLength(2)
  })

  it('that throws is logged, and the stream goes on', async () => {
    const rig = new ClientRig('gracedb.a')
    const read: number[] = []
    const onStatus = (): never => {
      throw new Error('no')
    }
    rig
      .client()
      .topic('a', { onStatus })
      .subscribe(({ offset }) => read.push(offset))
    await rig.settle()
    rig.append('gracedb.a', 1)
    await rig.clock.advance(1_000)
    expect(read).toEqual([0])
    expect(rig.logged).toContainEqual({ level: 'error', fields: { status: 'connecting' }, message: 'onStatus threw: no' })
  })
})
