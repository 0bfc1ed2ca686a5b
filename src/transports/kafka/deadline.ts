/** A thread that was blocked fires its timers before it reads its sockets: an answer may lie there unread. */
const GRACE = 50

/** Calls `late` after `ms` and a moment more; gives what calls it off. */
export function deadline(ms: number, late: () => void): () => void {
  let timer = setTimeout(() => {
    timer = setTimeout(late, GRACE)
  }, ms)
  return () => clearTimeout(timer)
}
