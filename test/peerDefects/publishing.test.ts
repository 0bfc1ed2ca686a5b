/** What the Python client gets wrong where it publishes. Each `describe` names one of its defects. */
import { describe, expect, it } from 'vitest'
import { messageOf } from '../../src/cli/messages.ts'
import { ClientRig, configError } from '../client/rig.ts'

describe('disconnect() leaves closed sessions: publish_to_topic still seems to work, and nothing arrives', () => {
  it('here: what was given is sent, and the next publishToTopic() says that nothing is connected', async () => {
    const rig = new ClientRig('gracedb.a', 'gracedb.b')
    const client = rig.client()
    await client.connect(['a', 'b'])
    client.publishToTopic('a', 1)
    await client.disconnect()
    expect(rig.log.partition({ topic: 'gracedb.a', partition: 0 }).end).toBe(1)
    expect(configError(() => client.publishToTopic('a', 2)).message).toContain('No active sessions')
    await client.connect('a')
    client.publishToTopic('a', 3)
    await client.flushByTopic('a')
    expect(rig.log.partition({ topic: 'gracedb.a', partition: 0 }).end).toBe(2)
  })
})

describe('flush_by_topic does not wait: 10 of 10 times the message was still queued', () => {
  it('here: it resolves once all is stored', async () => {
    const rig = new ClientRig('gracedb.a')
    const client = rig.client()
    await client.connect('a')
    const partition = rig.log.partition({ topic: 'gracedb.a', partition: 0 })
    for (let n = 1; n <= 10; n++) {
      client.publishToTopic('a', n)
      await client.flushByTopic('a')
      expect(partition.end).toBe(n)
    }
  })
})

describe('`igwn-alert send` encodes a file three times', () => {
  it('here: twice, as GraceDB does: json.loads(payload) in a callback is the alert', async () => {
    const rig = new ClientRig('gracedb.a')
    const file = new TextEncoder().encode('{"uid": "S1"}')
    await rig.client().publish('a', messageOf('alert.json', file, {}))
    const [{ value } = {}] = rig.log.partition({ topic: 'gracedb.a', partition: 0 }).records
    const layers: unknown[] = [new TextDecoder().decode(value!)]
    while (typeof layers.at(-1) === 'string') layers.push(JSON.parse(String(layers.at(-1))))
    expect(layers).toEqual(['"{\\"uid\\": \\"S1\\"}"', '{"uid": "S1"}', { uid: 'S1' }])
  })
})
