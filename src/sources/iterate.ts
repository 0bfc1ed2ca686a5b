import type { Observable, Subscription } from 'rxjs'
import { type Claim, currentToken, inLoop, isWithoutRecord, type Loop, type Token } from '../claims.ts'

interface Entry<T> {
  readonly value: T
  readonly token: Token | undefined
  /** The loop's own; none on a record that waits for the user's ack. */
  readonly claim: Claim | undefined
}

interface Waiting<T> {
  resolve(result: IteratorResult<T, undefined>): void
  reject(error: unknown): void
}

const ASYNCHRONOUS =
  'a loop got a value from an asynchronous operator (concatMap, delay, bufferTime, ...): its record counts as handled already. Put handle() before it'

/**
 * A cold stream as an async iterator, written by hand: an `async function*` hangs in `return()` while a `next()` is pending. Lossless; what
 * waits in it is bounded by `maxUnhandled`, for each value holds its record. Subscribes at the first `next()`.
 */
export function iterate<T>(source: Observable<T>): AsyncIterableIterator<T, undefined> {
  const queue: Entry<T>[] = []
  const waiting: Waiting<T>[] = []
  const loop: Loop = {}
  const done: IteratorResult<T, undefined> = { done: true, value: undefined }
  let subscription: Subscription | undefined
  /** One at a time, unless somebody asks for several at once. */
  const atHand: Claim[] = []
  let end: { readonly error?: unknown } | undefined
  let stopped = false
  let warned = false

  const warnOnce = (): void => {
    if (!warned) loop.warn?.(ASYNCHRONOUS)
    warned ||= loop.warn !== undefined
  }

  /** Nobody has seen it: it comes again. */
  const giveBack = ({ token, claim }: Entry<T>): void => (token?.bornHeld ? token.take() : claim)?.release()

  const enqueue = (entry: Entry<T>): void => {
    queue.push(entry)
    entry.token?.onLeave(() => {
      const at = queue.indexOf(entry)
      if (at >= 0) queue.splice(at, 1).forEach(giveBack)
    })
  }

  const finish = (how: { readonly error?: unknown }): void => {
    end = how
    const [first, ...others] = waiting.splice(0)
    if (first && 'error' in how) {
      end = {}
      first.reject(how.error)
    } else first?.resolve(done)
    for (const { resolve } of others) resolve(done)
  }

  const subscribe = (): Subscription =>
    inLoop(loop, () =>
      source.subscribe({
        next: value => {
          const token = currentToken()
          if (!token && !isWithoutRecord()) warnOnce()
          const claim = token && !token.bornHeld && token.state !== 'auto' ? token.hold() : undefined
          const next = waiting.shift()
          if (!next) return enqueue({ value, token, claim })
          if (claim) atHand.push(claim)
          next.resolve({ value, done: false })
        },
        error: error => finish({ error }),
        complete: () => finish({}),
      }),
    )

  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next() {
      for (const claim of atHand.splice(0)) claim.ack()
      if (stopped) return Promise.resolve(done)
      subscription ??= subscribe()
      const entry = queue.shift()
      if (entry) {
        if (entry.claim) atHand.push(entry.claim)
        return Promise.resolve({ value: entry.value, done: false })
      }
      if (end) {
        stopped = true
        return 'error' in end ? Promise.reject(end.error) : Promise.resolve(done)
      }
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
    return() {
      stopped = true
      subscription?.unsubscribe()
      for (const claim of atHand.splice(0)) claim.release()
      for (const entry of queue.splice(0)) giveBack(entry)
      for (const { resolve } of waiting.splice(0)) resolve(done)
      return Promise.resolve(done)
    },
  }
}
