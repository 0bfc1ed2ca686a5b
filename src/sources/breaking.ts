import { currentToken } from '../claims.ts'

let failing = false

/** Runs `fail`, which takes down the chain of a stream, and its siblings in a `merge`. */
export function whileFailing(fail: () => void): void {
  const before = failing
  failing = true
  try {
    fail()
  } finally {
    failing = before
  }
}

/** Whoever is unsubscribed now may be so by the error of another, and may be subscribed again by a `retry()`. */
export const isChainBreaking = (): boolean => failing || currentToken() !== undefined
