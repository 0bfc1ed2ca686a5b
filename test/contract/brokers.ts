import { expect, it } from 'vitest'
import type { WriteOutcome } from '../../src/transports/transport.ts'
import type { ClusterBed } from './bed.ts'
import { at, Observer, range } from './observer.ts'

/** Several brokers, of which one is away. */
export function brokerCases(given: () => ClusterBed): void {
  it('is concerned by a leader that is gone in its partitions alone', async () => {
    const bed = given()
    const count = bed.brokers * 2
    const topic = await bed.createTopic({ partitions: count })
    const leaders = await Promise.all(range(0, count).map(partition => bed.leaderOf(topic, partition)))
    const gone = leaders[0]!
    const away = range(0, count).filter(partition => leaders[partition] === gone)
    const there = range(0, count).filter(partition => leaders[partition] !== gone)
    const observer = new Observer(bed.connect())
    observer.reader.start(
      0,
      range(0, count).map(partition => at(topic, partition, 0)),
    )
    for (const partition of range(0, count)) await bed.append(topic, partition, ['before'])
    await bed.until(() => range(0, count).every(partition => observer.positionOf({ topic, partition }) === 1), 'not all was read')

    await bed.stopBroker(gone)
    await bed.until(() => observer.all('lane').length > 0, 'nobody said that the leader is gone')
    const lane = observer.all('lane')[0]!
    expect(lane.error?.code).toBe('ALERT_CONNECTION')
    expect(lane.partitions.map(({ partition }) => partition).sort()).toEqual(away)
    for (const partition of there) await bed.append(topic, partition, ['meanwhile'])
    await bed.until(() => there.every(partition => observer.positionOf({ topic, partition }) === 2), 'the others stand still')

    await bed.startBroker(gone)
    for (const partition of away) await bed.append(topic, partition, ['after'])
    await bed.until(() => away.every(partition => observer.positionOf({ topic, partition }) === 2), 'it did not go on')
    expect(observer.last('lane')).toMatchObject({ leader: lane.leader })
    expect(observer.last('lane')?.error).toBeUndefined()
    expect(observer.all('fault')).toEqual([])
    expect(observer.all('ended')).toEqual([])
    for (const partition of range(0, count)) expect(observer.offsetsOf({ topic, partition })).toEqual([0, 1])
  })

  it('writes to a leader that is gone once it is back, and to the others at once', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: bed.brokers })
    const gone = await bed.leaderOf(topic, 0)
    await bed.stopBroker(gone)
    const writer = bed.connect().write({ deliveryTimeout: 60_000 })
    const outcomes: WriteOutcome[][] = range(0, bed.brokers).map(() => [])
    for (const partition of range(0, bed.brokers)) {
      const record = { topic, partition, key: null, value: Uint8Array.of(partition), headers: [], timestamp: 1 }
      writer.write(record, outcome => outcomes[partition]!.push(outcome))
    }
    await bed.until(() => outcomes.slice(1).every(({ length }) => length === 1), 'the others wait')
    expect(outcomes[0]).toEqual([])
    await bed.startBroker(gone)
    await bed.until(() => outcomes[0]!.length === 1, 'it was not written')
    expect(outcomes.flat()).toEqual(range(0, bed.brokers).map(partition => ({ partition, offset: 0 })))
  })
}
