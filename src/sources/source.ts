import type { Delivery } from '../record.ts'
import { currentScope } from '../scope.ts'
import { AlertStream } from './AlertStream.ts'
import { isChainBreaking } from './breaking.ts'
import type { SourceOptions } from './options.ts'
import { Reading } from './Reading.ts'
import type { Standing } from './Standing.ts'

/**
 * A cold stream of deliveries: each subscription is a reading of its own.
 *
 * @param options asked at each subscription; undefined: closed, a subscription that would resume completes
 */
export function source(options: (resumes: boolean) => SourceOptions | undefined, signal?: AbortSignal): AlertStream<Delivery> {
  let broken: Standing | undefined
  const stream: AlertStream<Delivery> = new AlertStream<Delivery>(subscriber => {
    const slot = currentScope()?.slot<Reading>(stream)
    const asked = options(slot?.previous !== undefined)
    if (!asked) return subscriber.complete()
    const reading = new Reading(asked, subscriber, { slot, broken: slot ? undefined : broken })
    broken = undefined
    const abort = (): void => reading.abort()
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted) abort()
    void reading.drained.then(() => signal?.removeEventListener('abort', abort))
    return () => {
      if (isChainBreaking()) broken = reading.standing
      reading.unsubscribed()
    }
  })
  return stream
}
