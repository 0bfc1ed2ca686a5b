import { describe, expect, it } from 'vitest'
import { decode, type ExternalMessage, handle } from '../../src/index.ts'
import { ClientRig } from '../client/rig.ts'
import { header, text } from '../support/deliveries.ts'

/** A client whose first record is kept elsewhere, and what its `handle` below `decode` has done. */
function reading() {
  const rig = new ClientRig('gracedb.t')
  rig.log.append('gracedb.t', { value: '{"url": "https://keep.invalid/1"}', headers: [header('_format', 'external')] })
  rig.append('gracedb.t', 1, 2, 3, 4, 5)
  const answers: ((message: ExternalMessage) => void)[] = []
  const signals: AbortSignal[] = []
  const external = ({ signal }: { readonly signal: AbortSignal }): Promise<ExternalMessage> => {
    signals.push(signal)
    return new Promise(resolve => answers.push(resolve))
  }
  const got: unknown[] = []
  const client = rig.client({ from: 'earliest', consumerGroup: 'g', maxUnhandled: { records: 3 }, ackTimeout: 600_000 })
  const alerts = client.topic('t').pipe(
    decode({ external }),
    handle(async ({ payload }) => payload),
  )
  alerts.subscribe({ next: payload => got.push(payload), complete: () => got.push('complete') })
  const answer = (): void => answers[0]?.({ payload: text('0'), key: null, headers: [], timestamp: 0 })
  return { rig, client, got, signals, answer, committed: () => rig.log.committed('g', 'gracedb.t', 0) }
}

describe('decode with a resolver, at a source', () => {
  it('holds back as much as maxUnhandled allows, and commits nothing of it', async () => {
    const { rig, client, got, committed, answer } = reading()
    await rig.clock.advance(30_000)
    expect(got).toEqual([])
    expect(committed() ?? 0).toBe(0)
    expect(client.metrics().topics['gracedb.t']?.unhandled).toBe(3)
    answer()
    await rig.clock.advance(10_000)
    expect(got).toEqual([0, 1, 2, 3, 4, 5])
    expect(committed()).toBe(6)
  })

  it('gives it back at close, which waits for no message', async () => {
    const { rig, client, got, signals, committed } = reading()
    await rig.clock.advance(1_000)
    const closed = client.close()
    await rig.clock.advance(1_000)
    await closed
    expect(got).toEqual(['complete'])
    expect(signals[0]?.aborted).toBe(true)
    expect(committed() ?? 0).toBe(0)
  })
})
