import type { Subscription } from 'rxjs'
import { toBase64 } from '../base64.ts'
import { ExternalReference } from '../formats/external.ts'
import { payloadReader } from '../formats/payload.ts'
import type { Limits } from '../limits.ts'
import { type ExternalResolver, fetchExternal } from '../operators/external.ts'
import { handle } from '../operators/handle.ts'
import type { Delivery } from '../record.ts'
import type { AlertStream } from '../sources/AlertStream.ts'
import type { LiveReading } from '../sources/LiveReadings.ts'
import type { Status } from '../status.ts'
import { harmless } from '../words.ts'
import type { StreamHooks } from './Streams.ts'

/** Called for each alert. @param topic without the group's prefix. @param payload decoded as hop does, see `decodePayload` */
export type ListenCallback = (topic: string, payload: unknown, record: Delivery) => unknown

/** How `listen()` calls back. */
export interface ListenOptions {
  /** What a throw of the callback does: it is logged, said on `status$` and counted, and the next alert comes; or it ends the listener, its alert not handled. @default 'continue' */
  readonly onError?: 'continue' | 'stop' | undefined
}

/** A running listener. */
export interface ListenHandle {
  /** Resolves when every alert from now on is heard, or the listener was ended before; rejects with what ended it. */
  readonly ready: Promise<void>
  /** Resolves when the listener has ended, rejects with what ended it. */
  readonly done: Promise<void>
  /** Throws of the callback so far. */
  readonly errors: number
  /** Ends it; resolves when the alert that is being handled is done. Idempotent. */
  stop(): Promise<void>
}

const text = new TextDecoder()

/** As the seed prints it: a line with the topic, then the alert: text as it is, JSON as it came, so that no digit is lost, Avro as JSON. */
export const printAlert: ListenCallback = (_topic, payload, record) => {
  console.log(`New message from topic ${record.fullTopic}:`)
  console.log(printed(payload, record))
}

function printed(payload: unknown, { payload: bytes, format }: Delivery): unknown {
  if (bytes === null) return payload
  if (typeof payload === 'string') return harmless(payload)
  if (format?.toLowerCase() !== 'avro') return harmless(text.decode(bytes))
  return JSON.stringify(payload, (_name, value: unknown) => (value instanceof Uint8Array ? toBase64(value) : value))
}

export interface Listening {
  readonly open: (hooks: StreamHooks) => AlertStream<Delivery>
  readonly limits: Partial<Limits> | undefined
  /** Fetches messages that were too large for the broker. @default none: the callback gets an `ExternalReference` */
  readonly external?: ExternalResolver | undefined
}

export function startListening(
  callback: ListenCallback,
  { onError = 'continue' }: ListenOptions,
  { open, limits, external }: Listening,
): ListenHandle {
  const readings = new Set<LiveReading>()
  let errors = 0

  const failed = (record: Delivery, error: unknown): void => {
    errors++
    if (onError === 'stop') throw error
    record.fail(error)
  }
  const read = payloadReader({ limits })
  const call = async (delivered: Delivery): Promise<void> => {
    let record = delivered
    let payload: unknown
    try {
      payload = read(record)
      if (external && payload instanceof ExternalReference) {
        record = await fetchExternal(record, payload, external, record.signal)
        payload = read(record)
      }
    } catch (error) {
      // A fetch that was called off, since the record is not ours any more, is no failure: the record comes again.
      if (!delivered.signal.aborted) record.fail(error)
      return
    }
    try {
      await callback(record.topic, payload, record)
    } catch (error) {
      failed(record, error)
    }
  }

  let positioned = (): void => {}
  const isPositioned = new Promise<void>(resolve => {
    positioned = resolve
  })
  const stream = open({
    onOpen: reading => {
      readings.add(reading)
      void reading.drained.then(() => readings.delete(reading))
    },
    onStatus: status => {
      if (isReady(status)) positioned()
    },
  })
  let finish = (): void => {}
  let subscription: Subscription | undefined
  const done = new Promise<void>((resolve, reject) => {
    finish = resolve
    subscription = stream.pipe(handle(call, { retry: 0, onFailure: 'error' })).subscribe({ error: reject, complete: resolve })
  })
  const ready = Promise.race([isPositioned, done])
  // Whoever looks at neither still finds the error on status$ and in the log.
  for (const promise of [done, ready]) promise.catch(() => {})

  return {
    ready,
    done,
    get errors() {
      return errors
    },
    async stop() {
      await Promise.all([...readings].map(reading => reading.close()))
      subscription?.unsubscribe()
      finish()
    },
  }
}

/** A member of a consumer group may be given no partition. */
const isReady = (status: Status): boolean => status.type === 'positioned' || (status.type === 'assigned' && status.partitions.length === 0)
