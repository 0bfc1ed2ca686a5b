import { nextTurn } from '../../turn.ts'

let waiting = 0

/** Calls `run` in a turn of its own of the event loop, as an answer comes from a socket: never at once, never starving timers and input. */
export function turn(run: () => void): void {
  waiting++
  nextTurn(() => {
    waiting--
    run()
  })
}

/** Resolves when no answer is on its way any more and promises had time to go on from the last one. */
export async function settled(): Promise<void> {
  const enough = 4
  for (let quiet = 0; quiet < enough; quiet++) {
    await new Promise<void>(nextTurn)
    if (waiting > 0) quiet = -1
  }
}
