import { filter, map, merge, type Observable, retry, share } from 'rxjs'
import { filterRecords } from '../../src/operators/filterRecords.ts'
import { handle } from '../../src/operators/handle.ts'
import { retryOnFatal } from '../../src/operators/retryOnFatal.ts'
import type { Delivery } from '../../src/record.ts'
import type { AlertStream } from '../../src/sources/AlertStream.ts'

export const SHAPES = [
  'handle',
  'handle-keyed',
  'handle-above-retry',
  'merge-two',
  'same-twice',
  'share-two-handles',
  'share-sync-handle',
  'for-await',
  'for-await-mapped',
  'manual',
  'manual-handle',
  'handle-then-for-await',
  'plain-retry',
  'plain-retry-twice',
] as const
export type Shape = (typeof SHAPES)[number]

/** Shapes that subscribe one stream twice: neither a group nor a Checkpoint takes that. */
export const TWICE: ReadonlySet<Shape> = new Set(['same-twice', 'plain-retry-twice'])

/** Who has to handle each record. */
export const consumersOf = (shape: Shape): readonly string[] => (TWICE.has(shape) || shape === 'share-two-handles' ? ['A', 'B'] : [''])

export interface Placed {
  readonly topic: string
  readonly offset: number
}

export const idOf = ({ topic, offset }: Placed): string => `${topic}@${offset}`

const fromId = (id: unknown): Placed => {
  const [topic = '', offset] = String(id).split('@')
  return { topic, offset: Number(offset) }
}

/** What chains are made of. */
export interface ChainParts {
  readonly topics: readonly string[]
  stream(topics?: readonly string[], delivery?: 'auto' | 'manual'): AlertStream<Delivery>
  /** Work on a record, done when the test says so. */
  work(consumer?: string): (record: Placed) => Promise<string>
  /** The record is not handled, and shall not come again. */
  giveUp(record: Placed): void
  /** Throws when the test asked for it. */
  spoil<T>(value: T): T
  after(ms: number): Observable<0>
  watch(chain: Observable<unknown>): void
  loop(chain: AlertStream<unknown>, recordOf: (value: unknown) => Placed): void
}

/** Subscribes a chain of that shape. */
export function open(shape: Shape, parts: ChainParts): void {
  const { topics } = parts
  const spoil = <T>() => map((value: T) => parts.spoil(value))
  const again = <T>() => retryOnFatal<T>({ count: 1000, delay: (_e, n) => parts.after(10 + (n % 2)), when: e => e instanceof TypeError })
  const giveUp = { retry: { count: 1, delay: () => parts.after(0) }, deadLetter: (record: Delivery<unknown>) => parts.giveUp(record) }
  const one = (source: Observable<Delivery>, consumer = '') => source.pipe(spoil<Delivery>(), handle(parts.work(consumer), giveUp))
  const text = (record: Delivery): string => idOf(record)
  const some = filterRecords<Delivery>(record => {
    const wanted = record.offset % 5 !== 4
    if (!wanted) parts.giveUp(record)
    return wanted
  })
  switch (shape) {
    case 'handle':
      parts.watch(parts.stream().pipe(spoil<Delivery>(), again(), handle(parts.work(), giveUp)))
      break
    case 'handle-keyed': {
      const keyed = { ...giveUp, concurrency: 3, key: (record: Delivery) => String(record.offset % 2) }
      parts.watch(parts.stream().pipe(spoil<Delivery>(), again(), handle(parts.work(), keyed)))
      break
    }
    case 'handle-above-retry':
      parts.watch(one(parts.stream()).pipe(again()))
      break
    case 'merge-two':
      parts.watch(merge(...topics.map(topic => one(parts.stream([topic])))).pipe(again()))
      break
    case 'same-twice': {
      const stream = parts.stream()
      parts.watch(merge(one(stream, 'A'), one(stream, 'B')).pipe(again()))
      break
    }
    case 'share-two-handles': {
      const shared = parts.stream().pipe(share())
      parts.watch(merge(one(shared, 'A'), one(shared, 'B')).pipe(again()))
      break
    }
    case 'share-sync-handle': {
      const shared = parts.stream().pipe(share())
      const sync = shared.pipe(
        filterRecords<Delivery>(record => record.offset % 3 !== 0),
        handle(() => {}),
      )
      parts.watch(merge(sync, shared.pipe(handle(async () => {})), one(shared)).pipe(again()))
      break
    }
    case 'for-await':
      parts.loop(parts.stream().pipe(again()), value => value as Delivery)
      break
    case 'for-await-mapped':
      parts.loop(parts.stream().pipe(spoil<Delivery>(), map(text), again()), fromId)
      break
    case 'manual': {
      const settle = (record: Delivery): void => {
        const failed = (): void => parts.giveUp(record)
        void parts
          .work()(record)
          .catch(failed)
          .then(() => record.ack())
      }
      parts.watch(parts.stream(topics, 'manual').pipe(some, again(), map(settle)))
      break
    }
    case 'manual-handle':
      parts.watch(parts.stream(topics, 'manual').pipe(spoil<Delivery>(), some, again(), handle(parts.work(), giveUp)))
      break
    case 'handle-then-for-await': {
      const named = handle(async (record: Delivery) => text(record))
      parts.loop(parts.stream().pipe(again(), named), fromId)
      break
    }
    case 'plain-retry': {
      const anew = retry<Delivery>({ delay: () => parts.after(10) })
      parts.watch(
        parts.stream().pipe(
          filter(() => true),
          anew,
          handle(parts.work(), giveUp),
        ),
      )
      break
    }
    case 'plain-retry-twice': {
      const stream = parts.stream()
      const chain = (consumer: string, ms: number) =>
        stream.pipe(handle(parts.work(consumer), giveUp), retry({ delay: () => parts.after(ms) }))
      parts.watch(merge(chain('A', 15), chain('B', 10)))
      break
    }
  }
}
