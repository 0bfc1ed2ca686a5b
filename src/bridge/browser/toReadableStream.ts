import type { AlertStream } from '../../sources/AlertStream.ts'

/**
 * A stream as the platform's ReadableStream: one value is asked for at a time, as a loop does; to cancel it unsubscribes. Lossless.
 *
 * @example
 * await toReadableStream(fromBridge('/alerts')).pipeTo(writable)
 */
export function toReadableStream<T>(source: AlertStream<T>): ReadableStream<T> {
  const values = source[Symbol.asyncIterator]()
  return new ReadableStream<T>(
    {
      async pull(controller) {
        const { done, value } = await values.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      async cancel() {
        await values.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}
