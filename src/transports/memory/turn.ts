type Run = () => void

/** Captured at load, so that a test's fake timers do not stop the log. */
const enqueue: (run: Run) => void = macrotask()

let waiting = 0

/** Calls `run` in a turn of its own of the event loop, as an answer comes from a socket: never at once, never starving timers and input. */
export function turn(run: Run): void {
  waiting++
  enqueue(() => {
    waiting--
    run()
  })
}

/** Resolves when no answer is on its way any more and promises had time to go on from the last one. */
export async function settled(): Promise<void> {
  const enough = 4
  for (let quiet = 0; quiet < enough; quiet++) {
    await new Promise<void>(resolve => enqueue(resolve))
    if (waiting > 0) quiet = -1
  }
}

function macrotask(): (run: Run) => void {
  const { setImmediate } = globalThis as { readonly setImmediate?: (run: Run) => unknown }
  if (setImmediate) return run => void setImmediate(run)
  // A browser's setTimeout waits for 4 ms when nested; a message does not.
  const { port1, port2 } = new MessageChannel()
  const queue: Run[] = []
  port1.addEventListener('message', () => queue.shift()?.())
  port1.start()
  return run => {
    queue.push(run)
    port2.postMessage(null)
  }
}
