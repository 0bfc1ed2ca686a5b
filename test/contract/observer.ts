import { type Position, partitionKey, type TopicPartition } from '../../src/place.ts'
import type { RawRecord } from '../../src/record.ts'
import type { ReadEvent, Reader, ReadOptions, Transport } from '../../src/transports/transport.ts'

export type EventOf<T extends ReadEvent['type']> = Extract<ReadEvent, { type: T }>

const decoder = new TextDecoder()

export const textOf = ({ value }: RawRecord): string => decoder.decode(value ?? new Uint8Array())

export const FETCH: ReadOptions = { maxBytes: 1 << 20, maxWait: 200, maxBatchBytes: 1 << 24 }

/** A reader, and all that it said. */
export class Observer {
  readonly events: ReadEvent[] = []
  readonly reader: Reader
  /** Called at each event, as a source would be. */
  onEvent: (event: ReadEvent) => void = () => {}

  constructor(transport: Transport, options: Partial<ReadOptions> = {}) {
    this.reader = transport.read({ ...FETCH, ...options }, event => {
      this.events.push(event)
      this.onEvent(event)
    })
  }

  all<T extends ReadEvent['type']>(type: T): EventOf<T>[] {
    return this.events.filter((event): event is EventOf<T> => event.type === type)
  }

  last<T extends ReadEvent['type']>(type: T): EventOf<T> | undefined {
    return this.all(type).at(-1)
  }

  recordsOf(of: TopicPartition): RawRecord[] {
    const key = partitionKey(of)
    return this.all('records').flatMap(event => (partitionKey(event.of) === key ? event.records : []))
  }

  offsetsOf(of: TopicPartition): number[] {
    return this.recordsOf(of).map(({ offset }) => offset)
  }

  valuesOf(of: TopicPartition): string[] {
    return this.recordsOf(of).map(textOf)
  }

  faultOf(of: TopicPartition): EventOf<'fault'> | undefined {
    const key = partitionKey(of)
    return this.all('fault').findLast(event => partitionKey(event.of) === key)
  }

  /** The next offset of a partition, as its last event says. */
  positionOf(of: TopicPartition): number | undefined {
    const key = partitionKey(of)
    return this.all('records').findLast(event => partitionKey(event.of) === key)?.next
  }
}

export const at = (topic: string, partition: number, offset: number): Position => ({ topic, partition, offset })

export const numbered = (prefix: string, count: number): string[] => Array.from({ length: count }, (_, n) => `${prefix}${n}`)

export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, n) => from + n)
