import { type Position, partitionKey } from '../place.ts'
import { isFaulty, type Per, type ReadEvent, type ReadOptions, type Transport } from '../transports/transport.ts'

/** All of such a topic is there at once: a fetch need not wait long for more. */
const FETCH = { maxBytes: 1_000_000, maxWait: 200 }

/**
 * The value of the newest message of a topic that holds few of them: it is read from its beginning to the end that it has now. null: a
 * tombstone; undefined: there is no message.
 *
 * @param maxBatchBytes of one batch after decompression
 * @throws AlertError the topic's fault, or the server's; the signal's reason
 */
export async function lastMessage(
  transport: Transport,
  topic: string,
  maxBatchBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array | null | undefined> {
  const description = (await transport.describe([topic], signal)).get(topic)
  const count = description ? known(description).partitions : 0
  const partitions = Array.from({ length: count }, (_, partition) => ({ topic, partition }))
  const starts = (await transport.locate('earliest', partitions, signal)).map(known)
  const ends = new Map((await transport.locate('latest', partitions, signal)).map(known).map(end => [partitionKey(end), end.offset]))
  const filled = starts.filter(start => start.offset < (ends.get(partitionKey(start)) ?? 0))
  return filled.length === 0 ? undefined : newest(transport, { ...FETCH, maxBatchBytes }, filled, ends, signal)
}

async function newest(
  transport: Transport,
  options: ReadOptions,
  starts: readonly Position[],
  ends: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<Uint8Array | null | undefined> {
  signal.throwIfAborted()
  const unread = new Set(starts.map(partitionKey))
  let last: { readonly timestamp: number; readonly value: Uint8Array | null } | undefined
  const take = ({ of, records, next }: Extract<ReadEvent, { type: 'records' }>): void => {
    for (const { timestamp, value } of records) {
      // A view into its batch.
      if (last === undefined || timestamp >= last.timestamp) last = { timestamp, value: value?.slice() ?? null }
    }
    if (next >= (ends.get(partitionKey(of)) ?? 0)) unread.delete(partitionKey(of))
  }
  const { promise, resolve, reject } = deferred()
  const reader = transport.read(options, event => {
    if (event.type === 'records') take(event)
    if (event.type === 'fault' || event.type === 'ended') reject(event.error)
    if (unread.size === 0) resolve()
  })
  const stop = (): void => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  reader.start(0, starts)
  try {
    await promise
  } finally {
    signal.removeEventListener('abort', stop)
    await reader.close(0)
  }
  return last?.value
}

function known<T extends object>(answer: Per<T>): T {
  if (isFaulty(answer)) throw answer.fault
  return answer
}

/** ES2024's Promise.withResolvers. */
function deferred(): { promise: Promise<void>; resolve: () => void; reject: (reason: unknown) => void } {
  let resolve = (): void => {}
  let reject: (reason: unknown) => void = () => {}
  const promise = new Promise<void>((res, rej) => {
    resolve = res
    reject = rej
  })
  return { promise, resolve, reject }
}
