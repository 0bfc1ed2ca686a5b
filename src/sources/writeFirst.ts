import { pause } from '../clock.ts'
import type { ReadingContext } from './context.ts'

/** Reading waits no longer than this, ms: what is to be written to may be away. */
const FIRST_WRITE = 2_000

/** A found start is committed, or saved, before it is read from: else a crash before the first record was handled would start at a later `latest`. */
export async function writeFirst(context: ReadingContext): Promise<void> {
  const written = new AbortController()
  const writing = context.writeDown().finally(() => written.abort())
  await Promise.race([writing, pause(context.options.clock, FIRST_WRITE, written.signal)])
}
