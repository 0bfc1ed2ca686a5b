import { describe, expect, it, vi } from 'vitest'
import { LazyTransport } from '../../src/client/LazyTransport.ts'
import { withSender } from '../../src/sinks/headers.ts'
import { KafkaTransport } from '../../src/transports/kafka/KafkaTransport.ts'
import type { OutRecord, Transport, WriteOutcome } from '../../src/transports/transport.ts'
import { ClientRig, rejection } from './rig.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const record = (value: string): OutRecord => ({
  topic: 't',
  key: null,
  value: bytes(value),
  headers: [{ name: '_id', value: bytes('1') }],
  timestamp: 1,
})

/** A transport that is opened when the test says so. */
function lazy(rig: ClientRig) {
  const openings: { resolve: (transport: Transport) => void; reject: (error: Error) => void }[] = []
  let user: string | undefined
  const open = vi.fn(
    () =>
      new Promise<Transport>((resolve, reject) => {
        const opened = (transport: Transport): void => {
          user = 'alice'
          resolve(transport)
        }
        openings.push({ resolve: opened, reject })
      }),
  )
  const complete = (one: OutRecord): OutRecord => ({ ...one, headers: withSender(one.headers, user) })
  return { transport: new LazyTransport({ server: 'memory:9092', clock: rig.clock, open, complete }), open, openings }
}

function writing(rig: ClientRig, transport: Transport, deliveryTimeout = 10_000) {
  const outcomes: [string, WriteOutcome][] = []
  const writer = transport.write({ deliveryTimeout })
  const write = (value: string): void => writer.write(record(value), outcome => outcomes.push([value, outcome]))
  const stored = (): string[] => {
    const { records } = rig.log.partition({ topic: 't', partition: 0 })
    return records.map(({ value }) => new TextDecoder().decode(value!))
  }
  const senders = (): string[] => {
    const { records } = rig.log.partition({ topic: 't', partition: 0 })
    return records.map(({ headers }) => headers.map(({ name }) => name).join())
  }
  return { writer, write, outcomes, stored, senders }
}

describe('LazyTransport', () => {
  it('is opened by the first who asks, once', async () => {
    const rig = new ClientRig('t')
    const { transport, open, openings } = lazy(rig)
    expect(open).not.toHaveBeenCalled()
    const asked = Promise.all([transport.describe('all'), transport.describe(['t'])])
    openings[0]!.resolve(rig.transport)
    expect((await asked)[0].has('t')).toBe(true)
    await transport.locate('latest', [{ topic: 't', partition: 0 }])
    await transport.deleteTopic('t')
    expect(rig.log.topics).toEqual([])
    expect(open).toHaveBeenCalledTimes(1)
  })

  it('tries again what failed', async () => {
    const rig = new ClientRig('t')
    const { transport, openings } = lazy(rig)
    const first = rejection(transport.describe('all'))
    openings[0]!.reject(new Error('no such file'))
    expect((await first).message).toBe('no such file')
    const second = transport.describe('all')
    openings[1]!.resolve(rig.transport)
    expect((await second).size).toBe(1)
  })

  it('closed while it opens: does not wait, closes what comes', async () => {
    const rig = new ClientRig('t')
    const { transport, openings } = lazy(rig)
    const asked = rejection(transport.describe('all'))
    await transport.close(1_000)
    const close = vi.spyOn(rig.transport, 'close')
    openings[0]!.resolve(rig.transport)
    expect(await asked).toMatchObject({ code: 'ALERT_CLOSED' })
    expect(close).toHaveBeenCalledTimes(1)
  })

  it('closes what it opened also without a deadline', async () => {
    const rig = new ClientRig('t')
    const { transport, openings } = lazy(rig)
    const asked = transport.describe('all')
    openings[0]!.resolve(rig.transport)
    await asked
    rig.transport.read({ maxBytes: 1, maxWait: 1, maxBatchBytes: 1 }, () => {})
    await Promise.all([transport.close(), rig.clock.advance(5_000)])
    expect(rig.transport.open).toEqual({ readers: 0, writers: 0, timers: 0 })
    await new KafkaTransport({ server: '127.0.0.1:1', tls: undefined, credentials: () => undefined }).close()
  })

  it('closed: opens no more', async () => {
    const rig = new ClientRig('t')
    const { transport, open } = lazy(rig)
    await transport.close(1_000)
    expect(await rejection(transport.describe('all'))).toMatchObject({ code: 'ALERT_CLOSED' })
    expect(() => transport.read({ maxBytes: 1, maxWait: 1, maxBatchBytes: 1 }, () => {})).toThrow('the client is closed')
    expect(open).not.toHaveBeenCalled()
  })
})

describe('writing before it is open', () => {
  it('keeps the order, and adds the sender to what was composed before he was known', async () => {
    const rig = new ClientRig('t')
    const { transport, openings } = lazy(rig)
    const { write, outcomes, stored, senders } = writing(rig, transport)
    for (const value of ['1', '2', '3']) write(value)
    await rig.settle()
    openings[0]!.resolve(rig.transport)
    await Promise.resolve()
    write('4')
    await rig.settle()
    write('5')
    await rig.settle()
    expect(stored()).toEqual(['1', '2', '3', '4', '5'])
    expect(senders().slice(0, 3)).toEqual(['_id,_sender', '_id,_sender', '_id,_sender'])
    expect(outcomes.map(([value, { error }]) => [value, error])).toEqual(['1', '2', '3', '4', '5'].map(value => [value, undefined]))
    expect(rig.clock.pending).toBe(0)
  })

  it('a failed opening fails what waited, not what comes next', async () => {
    const rig = new ClientRig('t')
    const { transport, openings, open } = lazy(rig)
    const { write, outcomes, stored } = writing(rig, transport)
    write('1')
    write('2')
    await rig.settle()
    openings[0]!.reject(new Error('no such file'))
    await rig.settle()
    expect(outcomes).toMatchObject([
      ['1', { stored: false, error: { code: 'ALERT_CONFIG', message: 'no such file' } }],
      ['2', { stored: false }],
    ])
    write('3')
    await rig.settle()
    expect(open).toHaveBeenCalledTimes(2)
    openings[1]!.resolve(rig.transport)
    await rig.settle()
    expect(stored()).toEqual(['3'])
  })

  it('settles within deliveryTimeout, whatever the opening does', async () => {
    const rig = new ClientRig('t')
    const { transport, openings } = lazy(rig)
    const { write, outcomes, stored } = writing(rig, transport, 5_000)
    write('1')
    await rig.clock.advance(4_999)
    expect(outcomes).toEqual([])
    await rig.clock.advance(1)
    expect(outcomes).toMatchObject([['1', { stored: false, error: { code: 'ALERT_EXPIRED' } }]])
    openings[0]!.resolve(rig.transport)
    await rig.settle()
    expect(stored()).toEqual([])
  })

  it('counts deliveryTimeout from the write, also when it was opened late', async () => {
    const rig = new ClientRig('t')
    const { transport, openings } = lazy(rig)
    const { write, outcomes } = writing(rig, transport, 5_000)
    write('1')
    await rig.clock.advance(4_000)
    rig.transport.goOffline()
    openings[0]!.resolve(rig.transport)
    await rig.clock.advance(1_000)
    expect(outcomes).toMatchObject([['1', { stored: 'unknown', error: { code: 'ALERT_EXPIRED' } }]])
    await rig.clock.advance(10_000)
    expect(outcomes).toHaveLength(1)
  })

  it('close() waits for the opening as long as its deadline says', async () => {
    const rig = new ClientRig('t')
    const { transport, openings } = lazy(rig)
    const { writer, write, outcomes, stored } = writing(rig, transport)
    write('1')
    await rig.settle()
    const closing = writer.close(2_000)
    await rig.clock.advance(1_000)
    openings[0]!.resolve(rig.transport)
    await rig.clock.advance(1_000)
    await closing
    expect(stored()).toEqual(['1'])
    expect(outcomes).toHaveLength(1)
  })

  it('close() gives up then; nothing can be written afterwards', async () => {
    const rig = new ClientRig('t')
    const { transport } = lazy(rig)
    const { writer, write, outcomes } = writing(rig, transport)
    write('1')
    const closing = writer.close(2_000)
    await rig.clock.advance(2_000)
    await closing
    expect(outcomes).toMatchObject([['1', { stored: false, error: { code: 'ALERT_CLOSED' } }]])
    write('2')
    await rig.settle()
    expect(outcomes[1]).toMatchObject(['2', { stored: false, error: { code: 'ALERT_CLOSED' } }])
    expect(rig.clock.pending).toBe(0)
  })

  it('close() of one that nobody wrote to', async () => {
    const rig = new ClientRig('t')
    const { transport, open } = lazy(rig)
    await transport.write({ deliveryTimeout: 1_000 }).close(1_000)
    expect(open).not.toHaveBeenCalled()
    expect(rig.clock.pending).toBe(0)
  })
})
