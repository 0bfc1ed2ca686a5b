import { filter, firstValueFrom, takeUntil, timer } from 'rxjs'
import { Cursor } from '../../cursor.ts'
import type { Delivery } from '../../record.ts'
import type { ServedTopic } from '../protocol/events.ts'
import type { BridgeClient } from './streams.ts'

/** A client waits so long for what was lifted out of an old record, ms. */
const PATIENCE = 10_000

/** A record by its place; undefined where the log no longer has it, or does not give it in time. */
export async function readOne(
  client: BridgeClient,
  { topic, fullTopic }: ServedTopic,
  partition: number,
  offset: number,
  tests: 'exclude' | 'include' | 'only' | undefined,
): Promise<Delivery | undefined> {
  const [earliest, latest] = await Promise.all([client.cursor([topic], 'earliest'), client.cursor([topic], 'latest')])
  const [start, end] = [earliest.offset(fullTopic, partition), latest.offset(fullTopic, partition)]
  if (start === undefined || end === undefined || offset < start || offset >= end) return undefined
  // Of the other partitions nothing is read, of this one no more than the one.
  const others = latest.positions.filter(position => position.partition !== partition)
  const at = (place: number): Cursor =>
    Cursor.of(latest.server, latest.time, [
      ...others,
      { topic: fullTopic, partition, offset: place, topicId: latest.topics.get(fullTopic)?.id },
    ])
  const records = client.topics([topic], { from: at(offset), until: at(offset + 1), tests }).pipe(
    filter(record => record.partition === partition && record.offset === offset),
    takeUntil(timer(PATIENCE)),
  )
  return firstValueFrom(records, { defaultValue: undefined })
}
