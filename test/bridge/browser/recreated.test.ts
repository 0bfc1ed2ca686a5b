import { expect, it, onTestFinished, vi } from 'vitest'
import { type BridgeRecords, type BridgeStatus, fromBridge } from '../../../src/browser.ts'
import { serve, TOPIC } from '../serve.ts'

function hear(stream: BridgeRecords) {
  const payloads: unknown[] = []
  const statuses: BridgeStatus[] = []
  stream.status$.subscribe(status => statuses.push(status))
  const subscription = stream.subscribe(({ payload }) => payloads.push(payload))
  onTestFinished(() => subscription.unsubscribe())
  return { payloads, statuses }
}

/** The cursor is told a second after records came. */
async function nextCursor(stream: BridgeRecords): Promise<string> {
  const before = stream.cursor
  await vi.waitFor(() => expect(stream.cursor).not.toBe(before), 5_000)
  return stream.cursor!
}

it('a topic that is made anew is read from its beginning, though its offsets were seen before', async () => {
  const { url, append, transport, cut } = await serve({ retry: 1 })
  const stream = fromBridge(url)
  const { payloads, statuses } = hear(stream)
  await vi.waitFor(() => expect(statuses.map(({ type }) => type)).toContain('connected'))
  append(1, 2, 3)
  await nextCursor(stream)
  // A client that has resumed is one whose offsets the bridge knows too.
  cut()
  append(4)
  await vi.waitFor(() => expect(payloads).toEqual([1, 2, 3, 4]), 5_000)
  transport.log.recreateTopic(TOPIC, { partitions: 2 })
  append(5, 6)
  await vi.waitFor(() => expect(payloads).toEqual([1, 2, 3, 4, 5, 6]), 5_000)
  expect(statuses).toContainEqual(expect.objectContaining({ type: 'gap', reason: 'recreated', partition: 0 }))

  const cursor = await nextCursor(stream)
  append(7)
  const later = hear(fromBridge(url, { from: cursor }))
  await vi.waitFor(() => expect(later.payloads).toEqual([7]))
  expect(payloads).toEqual([1, 2, 3, 4, 5, 6, 7])
})
