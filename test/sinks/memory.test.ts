import { from } from 'rxjs'
import { afterEach, describe, expect, it } from 'vitest'
import { outgoing } from '../../src/sinks/outgoing.ts'
import { TopicSink } from '../../src/sinks/TopicSink.ts'
import { TopicWriter } from '../../src/sinks/TopicWriter.ts'
import { silentLogger } from '../../src/status.ts'
import { VirtualClock } from '../../src/testing/VirtualClock.ts'
import { MemoryTransport } from '../../src/transports/memory/MemoryTransport.ts'
import { FULL_TOPIC, headersOf, rejection, text } from './rig.ts'

interface Broker {
  readonly transport: MemoryTransport
  readonly clock: VirtualClock
  readonly writer: TopicWriter
  sink<T>(): TopicSink<T>
  /** What the log holds, of all partitions. */
  values(): string[]
}

const opened: MemoryTransport[] = []

/** A topic in memory; time stands still unless the test moves it. */
function broker({ partitions = 1, deliveryTimeout = 120_000 } = {}): Broker {
  const clock = new VirtualClock()
  const transport = new MemoryTransport({ clock })
  opened.push(transport)
  const { log } = transport
  log.createTopic(FULL_TOPIC, { partitions })
  const writer = new TopicWriter({
    topic: 'superevent',
    fullTopic: FULL_TOPIC,
    writer: transport.write({ deliveryTimeout }),
    sender: () => 'ligo',
    clock,
    logger: silentLogger,
    report: () => {},
  })
  const values = (): string[] => log.topic(FULL_TOPIC)!.partitions.flatMap(({ records }) => records.map(({ value }) => text(value)))
  return { transport, clock, writer, sink: () => new TopicSink(writer), values }
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map(transport => transport.close(0)))
})

describe('over a log', () => {
  it('stores an alert with its key, time and headers, and tells its place', async () => {
    const { sink, clock, transport } = broker({ partitions: 3 })
    const sent = sink().send(outgoing({ superevent_id: 'S1' }, { key: 'S1', test: true }))
    await clock.advance(0)
    const { partition, offset, id } = await sent
    const [record] = transport.log.partition({ topic: FULL_TOPIC, partition }).records
    expect(record).toMatchObject({ offset, timestamp: 1_700_000_000_000 })
    expect(text(record?.key)).toBe('S1')
    expect(text(record?.value)).toBe('{"superevent_id":"S1"}')
    expect(headersOf({ topic: FULL_TOPIC, timestamp: 0, key: null, value: null, headers: record?.headers ?? [] })).toEqual([
      '_id=16 bytes',
      '_sender=ligo',
      '_test=true',
      '_format=json',
    ])
    const bytes = record?.headers[0]?.value ?? []
    expect(Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')).toBe(id.replaceAll('-', ''))
  })

  it('keeps the order, with contiguous offsets', async () => {
    const { sink, clock, values } = broker()
    const front = sink<number>()
    const offsets: unknown[] = []
    front.subscribe(({ offset }) => offsets.push(offset))
    from([0, 1, 2, 3]).subscribe(front)
    await clock.advance(0)
    await front.done
    expect(values()).toEqual(['0', '1', '2', '3'])
    expect(offsets).toEqual([0, 1, 2, 3])
  })

  it('rides out a broker that is away', async () => {
    const { sink, clock, transport, values } = broker()
    transport.log.stopBroker(0)
    const sent = sink().send(1)
    await clock.advance(5000)
    expect(values()).toEqual([])
    transport.log.startBroker(0)
    await clock.advance(5000)
    expect((await sent).offset).toBe(0)
  })

  it('stores once what it sends again after a lost answer', async () => {
    const { sink, clock, transport, values } = broker()
    transport.swallowAnswers(2)
    const sent = sink().send(1)
    await clock.advance(5000)
    expect(await sent).toMatchObject({ stored: true, offset: 0 })
    expect(values()).toEqual(['1'])
  })

  it('fails what is forbidden, and goes on when it is allowed', async () => {
    const { sink, clock, transport } = broker()
    const front = sink()
    transport.forbid(FULL_TOPIC, 'write')
    const forbidden = rejection(front.send(1))
    await clock.advance(0)
    expect(await forbidden).toMatchObject({ code: 'ALERT_TOPIC_FORBIDDEN', stored: false, kafka: 'TOPIC_AUTHORIZATION_FAILED' })
    transport.allow(FULL_TOPIC)
    const allowed = front.send(2)
    await clock.advance(0)
    expect((await allowed).payload).toBe(2)
  })

  it('settles within deliveryTimeout, counted from each send, saying what is known', async () => {
    const { sink, clock, transport } = broker({ deliveryTimeout: 1000 })
    const front = sink()
    transport.log.stopBroker(0)
    const never = rejection(front.send(1))
    await clock.advance(600)
    const later = rejection(front.send(2))
    let settled = false
    void later.then(() => {
      settled = true
    })
    await clock.advance(400)
    expect(await never).toMatchObject({ code: 'ALERT_EXPIRED', stored: false })
    expect(settled).toBe(false)
    await clock.advance(600)
    expect(await later).toMatchObject({ code: 'ALERT_EXPIRED', stored: false })
    transport.log.startBroker(0)
    transport.swallowAnswers(1000)
    const doubtful = rejection(front.send(3))
    await clock.advance(1000)
    expect(await doubtful).toMatchObject({ stored: 'unknown' })
  })

  it('settles everything when the transport closes', async () => {
    const { sink, clock, transport, writer } = broker()
    const front = sink()
    transport.log.stopBroker(0)
    front.next(1)
    const sent = rejection(front.send(2))
    const closing = [writer.close(500), transport.close(500)]
    await clock.advance(500)
    await Promise.all(closing)
    expect(await sent).toMatchObject({ code: 'ALERT_CLOSED', stored: false })
    expect((await rejection(front.flush())) as AggregateError).toMatchObject({ errors: [{ code: 'ALERT_CLOSED' }] })
    expect(transport.open).toEqual({ readers: 0, writers: 0, timers: 0 })
    expect(clock.pending).toBe(0)
  })

  it('stores what was given before it was disconnected', async () => {
    const { sink, clock, writer, values } = broker()
    const front = sink()
    for (let n = 0; n < 100; n++) front.next(n)
    const closing = writer.close(10_000)
    await clock.advance(0)
    await closing
    expect(values()).toHaveLength(100)
  })
})
