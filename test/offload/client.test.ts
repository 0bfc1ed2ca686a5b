import { describe, expect, it, onTestFinished } from 'vitest'
import { type ClientOptions, decode, ExternalReference, handle, IgwnAlertClient, type Status } from '../../src/index.ts'
import { bytes, OffloadRig } from './rig.ts'

const DOCUMENT = { message: bytes('{"a": 1}'), headers: [['_format', bytes('json')] as const], key: bytes('S1'), timestamp: 5 }

/** A client at the end of a topic with a reference and a plain record. */
async function scene(options: ClientOptions = {}): Promise<{ rig: OffloadRig; client: IgwnAlertClient; statuses: Status[] }> {
  const rig = await OffloadRig.start()
  rig.log.createTopic('gracedb.t')
  const url = rig.server.put(DOCUMENT)
  rig.log.append('gracedb.t', { value: JSON.stringify({ url }), headers: [{ name: '_format', value: 'external' }] })
  rig.log.append('gracedb.t', { value: '2' })
  const client = new IgwnAlertClient({ transport: rig.transport, from: 'earliest', untilEnd: true, logger: rig.logger, ...options })
  const statuses: Status[] = []
  client.status$.subscribe(status => statuses.push(status))
  onTestFinished(() => client.close())
  return { rig, client, statuses }
}

async function heard(client: IgwnAlertClient): Promise<unknown[]> {
  const got: unknown[] = []
  const { done } = client.listen((_topic, payload, { key, timestamp, offset }) => got.push([payload, key, timestamp, offset]), 't')
  await done
  return got
}

describe('listen()', () => {
  it('fetches what hop put elsewhere', async () => {
    const { rig, client } = await scene()
    expect(await heard(client)).toEqual([
      [{ a: 1 }, bytes('S1'), 5, 0],
      [2, null, expect.any(Number), 1],
    ])
    expect(rig.server.authorizations).toEqual([])
    expect(client.metrics().topics['gracedb.t']).toMatchObject({ fetched: 1, fetchFailures: 0, failed: 0, handled: 2 })
  })

  it('gives references where they are asked for', async () => {
    const { rig, client } = await scene({ fetchExternal: false })
    expect((await heard(client))[0]).toEqual([new ExternalReference(expect.stringContaining('/msg/')), null, expect.any(Number), 0])
    expect(rig.server.seen).toEqual([])
  })

  it('reports what it cannot fetch, and goes on', async () => {
    const { client, statuses } = await scene({ limits: { externalBytes: 10 } })
    expect(await heard(client)).toHaveLength(1)
    const failed = statuses.filter(status => status.type === 'failed')
    expect(failed).toMatchObject([
      { topic: 'gracedb.t', offset: 0, error: { message: expect.stringContaining('limits.externalBytes is 10') } },
    ])
    expect(client.metrics().topics['gracedb.t']).toMatchObject({ fetched: 0, fetchFailures: 1, failed: 1, handled: 2 })
  })

  it('is not failed by a fetch that is called off: the alert comes again', async () => {
    const { rig, client, statuses } = await scene({ untilEnd: false, drainTimeout: 100 })
    const asked = new Promise<void>(resolve => rig.server.instead.push(() => resolve()))
    const got: unknown[] = []
    const { done } = client.listen((_topic, payload) => got.push(payload), 't')
    await asked
    await client.close()
    await done
    expect(got).toEqual([])
    expect([statuses.filter(({ type }) => type === 'failed'), rig.logged.filter(({ level }) => level === 'error')]).toEqual([[], []])
    expect(client.metrics().topics['gracedb.t']).toMatchObject({ handled: 0, failed: 0, fetchFailures: 0 })
  })

  it('has the time that externalTimeout says', async () => {
    const { rig, client, statuses } = await scene({ externalTimeout: 300 })
    rig.server.instead.push(() => {})
    expect(await heard(client)).toHaveLength(1)
    expect(statuses.filter(status => status.type === 'failed')).toMatchObject([
      { error: { message: expect.stringContaining('within 300 ms') } },
    ])
  })
})

describe('decode() with client.external()', () => {
  it('fetches, for a handler below', async () => {
    const { client } = await scene()
    const got: unknown[] = []
    const chain$ = client.topic('t').pipe(
      decode({ external: client.external() }),
      handle(async ({ payload, key }) => void got.push([payload, key])),
    )
    await new Promise<void>((resolve, reject) => chain$.subscribe({ error: reject, complete: resolve }))
    expect(got).toEqual([
      [{ a: 1 }, bytes('S1')],
      [2, null],
    ])
  })

  it('comes again where the fetch was under way when the client closed', async () => {
    const { rig, client } = await scene({ untilEnd: false })
    rig.server.instead.push(() => void client.close())
    const got: unknown[] = []
    for await (const { payload } of client.topic('t').pipe(decode({ external: client.external() }))) got.push(payload)
    await client.close()
    expect(got).toEqual([])
    expect(client.metrics().topics['gracedb.t']).toMatchObject({ handled: 0, failed: 0, fetchFailures: 0 })
  })
})
