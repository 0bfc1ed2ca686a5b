import { describe, expect, it, test, vi } from 'vitest'
import { endpointAt, OffloadRig } from './rig.ts'

const URL_OF = 'http://127.0.0.1:9/msg/1'

describe('the server that the broker names', () => {
  test.each<[string, readonly (string | null)[], string]>([
    ['nothing', [], 'sys.metadata is empty'],
    ['a tombstone at last', [endpointAt('http://127.0.0.1:9'), null], 'ends with a tombstone'],
    ['text', ['hello'], 'is not JSON'],
    ['a list', ['[1]'], 'has no URL at LargeMessageUploadEndpoint'],
    ['null', ['null'], 'has no URL at LargeMessageUploadEndpoint'],
    ['an object without it', ['{"other": "http://127.0.0.1:9"}'], 'has no URL at LargeMessageUploadEndpoint'],
    ['a number at it', ['{"LargeMessageUploadEndpoint": 1}'], 'has no URL at LargeMessageUploadEndpoint'],
    ['a path at it', [endpointAt('/upload')], 'has no URL at LargeMessageUploadEndpoint'],
    ['another scheme', [endpointAt('ftp://127.0.0.1:9')], 'neither http nor https'],
    [
      'another server at last',
      [endpointAt('http://127.0.0.1:9'), endpointAt('https://store.invalid')],
      'trusts https://store.invalid alone',
    ],
  ])('sys.metadata with %s: nothing is trusted', async (_what, metadata, why) => {
    const rig = await OffloadRig.start({ metadata })
    expect(await rig.refusal(URL_OF)).toMatchObject({ code: 'ALERT_EXTERNAL', message: expect.stringContaining(why) })
    expect(rig.server.seen).toEqual([])
  })

  it('is not known where the topic is not', async () => {
    const rig = await OffloadRig.start()
    rig.log.deleteTopic('sys.metadata')
    const error = await rig.refusal(URL_OF)
    expect(error).toMatchObject({ code: 'ALERT_EXTERNAL', message: expect.stringContaining('sys.metadata cannot be read') })
    expect(error.mend).toContain('Ask who runs the broker for the right to read sys.metadata')
  })

  it.each(['describe', 'read'] as const)('is not known without the right to %s the topic', async right => {
    const rig = await OffloadRig.start()
    rig.transport.forbid('sys.metadata', right)
    const error = await rig.refusal(rig.server.put({ message: new Uint8Array() }))
    expect(error).toMatchObject({ code: 'ALERT_EXTERNAL', message: expect.stringContaining('TOPIC_AUTHORIZATION_FAILED') })
  })

  it('is found in the last of all messages, whatever its partition', async () => {
    const rig = await OffloadRig.start({ metadata: [] })
    rig.log.deleteTopic('sys.metadata')
    rig.log.createTopic('sys.metadata', { partitions: 3 })
    rig.log.append('sys.metadata', { partition: 0, timestamp: 2_000, value: endpointAt('https://older.invalid') })
    rig.log.append('sys.metadata', { partition: 2, timestamp: 3_000, value: endpointAt(rig.server.origin) })
    rig.log.append('sys.metadata', { partition: 1, timestamp: 1_000, value: 'oldest' })
    const url = rig.server.put({ message: Uint8Array.of(7) })
    expect(await rig.fetch(url)).toMatchObject({ payload: Uint8Array.of(7) })
  })

  it('is looked up when first needed, once for all, and warned of once', async () => {
    const rig = await OffloadRig.start()
    const urls = [1, 2, 3].map(n => rig.server.put({ message: Uint8Array.of(n) }))
    const lookUps = vi.spyOn(rig.transport, 'read')
    const messages = await Promise.all(urls.map(url => rig.fetch(url)))
    await rig.fetch(urls[0]!)
    expect(messages.map(({ payload }) => payload[0])).toEqual([1, 2, 3])
    expect(lookUps).toHaveBeenCalledTimes(1)
    expect(rig.transport.open.readers).toBe(0)
    expect(rig.logged).toEqual([{ level: 'warn', fields: { origin: rig.server.origin }, message: expect.stringContaining('without TLS') }])
  })

  it('is looked up again after a failure', async () => {
    const rig = await OffloadRig.start({ metadata: [] })
    const url = rig.server.put({ message: Uint8Array.of(1) })
    await rig.refusal(url)
    rig.announce(endpointAt(rig.server.origin))
    expect(await rig.fetch(url)).toMatchObject({ payload: Uint8Array.of(1) })
  })

  it('is looked up again where it may have moved, not for each URL of another one', async () => {
    const rig = await OffloadRig.start({ metadata: [endpointAt('https://before.invalid')] })
    const url = rig.server.put({ message: Uint8Array.of(1) })
    expect((await rig.refusal(url)).message).toContain('trusts https://before.invalid alone')
    rig.announce(endpointAt(rig.server.origin))
    expect((await rig.refusal(url)).message).toContain('trusts https://before.invalid alone')
    await rig.clock.advance(10_000)
    expect(await rig.fetch(url)).toMatchObject({ payload: Uint8Array.of(1) })
  })

  it('is asked for again while the broker is away, until the time is up', async () => {
    const rig = await OffloadRig.start()
    const url = rig.server.put({ message: Uint8Array.of(1) })
    rig.transport.fail('BROKER_NOT_AVAILABLE', { at: 'describe' })
    const fetched = rig.fetch(url)
    await rig.afterTry(1)
    expect(await fetched).toMatchObject({ payload: Uint8Array.of(1) })
  })

  it('is given up with what the broker said, once the time is up', async () => {
    const rig = await OffloadRig.start()
    rig.transport.fail('BROKER_NOT_AVAILABLE', { at: 'describe', times: Number.POSITIVE_INFINITY })
    const refusal = rig.refusal(rig.server.put({ message: Uint8Array.of(1) }))
    for (let n = 1; n <= 3; n++) await rig.afterTry(n)
    await rig.clock.advance(30_000)
    expect(await refusal).toMatchObject({ code: 'ALERT_TIMEOUT', message: expect.stringContaining('BROKER_NOT_AVAILABLE') })
  })
})
