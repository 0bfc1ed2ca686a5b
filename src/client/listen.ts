import type { Observable, Subscription } from 'rxjs'
import { toAlertError } from '../errors.ts'
import { decodePayload } from '../formats/payload.ts'
import { handle } from '../operators/handle.ts'
import type { Delivery } from '../record.ts'
import type { LiveReading } from '../sources/LiveReadings.ts'
import type { Logger } from '../status.ts'

/** @param topic without the group's prefix. @param payload decoded as hop does: JSON as its value, everything else as bytes */
export type ListenCallback = (topic: string, payload: unknown, record: Delivery) => unknown

export interface ListenOptions {
  /** What a throw of the callback does: it is logged and counted, and the next alert comes; or it ends the listener, its alert not handled. @default 'continue' */
  readonly onError?: 'continue' | 'stop' | undefined
}

/** A running listener. */
export interface ListenHandle {
  /** Every alert from now on is heard. Rejects with what ended the listener before. */
  readonly ready: Promise<void>
  /** Resolves when the listener has ended, rejects with what ended it. */
  readonly done: Promise<void>
  /** Throws of the callback so far. */
  readonly errors: number
  /** Ends it; resolves when the alert that is being handled is done. Idempotent. */
  stop(): Promise<void>
}

/** As the seed prints it. */
export const printAlert: ListenCallback = (_topic, payload, record) => {
  console.log(`New message from topic ${record.fullTopic}:`)
  console.log(payload instanceof Uint8Array ? new TextDecoder().decode(payload) : payload)
}

export interface ListenHooks {
  readonly stream: Observable<Delivery>
  readonly logger: Logger
  /** Calls back with each reading of the stream. */
  readonly onOpen: (opened: (reading: LiveReading) => void) => void
  readonly onPositioned: (positioned: () => void) => void
}

export function startListening(
  callback: ListenCallback,
  { onError = 'continue' }: ListenOptions,
  { stream, logger, onOpen, onPositioned }: ListenHooks,
): ListenHandle {
  const readings = new Set<LiveReading>()
  let errors = 0
  let subscription: Subscription | undefined
  let finish: () => void = () => {}

  const call = async (record: Delivery): Promise<void> => {
    let payload: unknown
    try {
      payload = decodePayload(record)
    } catch (error) {
      record.fail(error)
      return
    }
    try {
      await callback(record.topic, payload, record)
    } catch (error) {
      errors++
      if (onError === 'stop') throw error
      const { fullTopic, partition, offset } = record
      logger.error(
        { topic: fullTopic, partition, offset },
        `the callback threw at ${fullTopic}[${partition}]@${offset}: ${toAlertError(error).message}`,
      )
    }
  }

  const done = new Promise<void>((resolve, reject) => {
    finish = resolve
    onOpen(reading => {
      readings.add(reading)
      void reading.drained.then(() => readings.delete(reading))
    })
    subscription = stream.pipe(handle(call, { retry: 0, onFailure: 'error' })).subscribe({ error: reject, complete: resolve })
  })
  const ready = new Promise<void>((resolve, reject) => {
    onPositioned(resolve)
    done.then(resolve, reject)
  })
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
