import { describe, expect, it, vi } from 'vitest'
import { handle } from '../../src/index.ts'
import { ClientRig, collect, rejection, slow } from './rig.ts'

describe('a signal', () => {
  it('of the client closes it, without waiting for started work', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1)
    const controller = new AbortController()
    const client = rig.client({ from: 'earliest', signal: controller.signal })
    const { work, started } = slow()
    client.topic('t').pipe(handle(work)).subscribe()
    const plain = collect(client.topic('t'))
    await rig.settle()
    expect(started).toEqual([0])
    controller.abort()
    await Promise.all([client.close(), rig.settle()])
    expect(plain.isDone()).toBe(true)
    expect(rig.transport.open.readers).toBe(0)
  })

  it('that was aborted before closes the client at once', async () => {
    const rig = new ClientRig('gracedb.t')
    const client = rig.client({ signal: AbortSignal.abort() })
    await rig.settle()
    expect(await rejection(client.getTopics())).toMatchObject({ code: 'ALERT_CLOSED' })
  })

  it('of the client is waited for 2 s, not deliveryTimeout, by what is being sent', async () => {
    const rig = new ClientRig('gracedb.t')
    const controller = new AbortController()
    const client = rig.client({ signal: controller.signal })
    rig.transport.goOffline()
    const refused = rejection(client.publish('t', 1))
    await rig.settle()
    controller.abort()
    const closing = client.close()
    await rig.clock.advance(2_000)
    await closing
    expect(await refused).toMatchObject({ stored: false })
  })

  it('of a stream ends that one', async () => {
    const rig = new ClientRig('gracedb.t')
    const controller = new AbortController()
    const client = rig.client()
    const [ended, other] = [collect(client.topic('t', { signal: controller.signal })), collect(client.topic('t'))]
    await rig.settle()
    controller.abort()
    await rig.settle()
    expect(ended.isDone()).toBe(true)
    rig.append('gracedb.t', 1)
    await rig.settle()
    expect(other.got).toEqual(['t@0 1'])
    const late = collect(client.topic('t', { signal: controller.signal }))
    await rig.settle()
    expect(late.isDone()).toBe(true)
  })

  it('of a stream ends a wait of retryOnFatal', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.transport.forbid('gracedb.t')
    const controller = new AbortController()
    const { isDone, errors } = collect(rig.client().topic('t', { signal: controller.signal, retryOnFatal: true, retryWait: 3_600_000 }))
    await rig.clock.advance(1_000)
    controller.abort()
    await rig.clock.advance(1_000)
    expect({ done: isDone(), errors }).toEqual({ done: true, errors: [] })
    expect(rig.clock.pending).toBe(0)
  })

  it('serves any number of streams without a warning', async () => {
    const warned = vi.fn()
    process.on('warning', warned)
    const rig = new ClientRig('gracedb.t')
    const client = rig.client({ signal: new AbortController().signal, retryOnFatal: true })
    const stream = client.topic('t', { signal: new AbortController().signal })
    for (let i = 0; i < 30; i++) collect(stream)
    await rig.settle()
    await new Promise(resolve => setImmediate(resolve))
    process.off('warning', warned)
    expect(warned).not.toHaveBeenCalled()
  })
})
