import { pause } from '../clock.ts'
import type { ReadingContext } from './context.ts'
import type { Part } from './Part.ts'

/** Parts that are read no more: started work may end, and what was handled is written down. Whether they may be let go then. */
export async function finish(context: ReadingContext, parts: readonly Part[]): Promise<boolean> {
  const { clock, times } = context.options
  for (const part of parts) part.leaving = true
  for (const part of parts) part.leave()
  const timeout = pause(clock, times.drainTimeout, context.signal)
  await Promise.all(parts.map(part => part.whenIdle(timeout)))
  await context.writeDown()
  // An ending waits for them too, and writes down what they did.
  return !context.signal.aborted
}
