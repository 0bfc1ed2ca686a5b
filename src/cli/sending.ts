import { AlertError, type AlertErrorCode, type Outgoing, type Stored } from '../index.ts'
import type { Progress } from './progress.ts'

/** Messages under way at once: enough to fill a batch, and as few files in memory. */
const AHEAD = 32
/** What is wrong with one message only. After any other failure the rest would fail too, each after its time. */
const OF_ONE: readonly AlertErrorCode[] = ['ALERT_CONFIG', 'ALERT_UNWRITABLE', 'ALERT_TOO_LARGE']

/** What became of a file. */
export type Sent = { readonly file: string } & ({ readonly stored: Stored } | { readonly error: unknown })

export interface Sending {
  readonly files: readonly string[]
  /** Resolves when there is room for one more message. */
  ready(): Promise<void>
  /** Reads a file and makes its message. */
  load(file: string): Promise<Outgoing>
  send(message: Outgoing): Promise<Stored>
  /** Told of each file, in order. */
  tell(sent: Sent): Promise<void>
  readonly progress: Progress
  readonly signal: AbortSignal
}

export interface Sum {
  readonly failed: number
  /** After a failure that is not of one message only, and at Ctrl-C, the rest is not sent. */
  readonly unsent: number
}

/** Sends files in their order, some ahead of what is settled, and tells of each in that order. */
export async function sendAll({ files, ready, load, send, tell, progress, signal }: Sending): Promise<Sum> {
  const underway: Promise<Sent>[] = []
  let [begun, told, failed, isOver] = [0, 0, 0, false]
  const settle = async (sent: Sent): Promise<void> => {
    if ('error' in sent) failed++
    if ('error' in sent && !isOfOne(sent.error)) isOver = true
    progress.hide()
    await tell(sent)
    progress.show(++told, failed)
  }
  progress.show(told, failed)
  for (const file of files) {
    await ready()
    if (isOver || signal.aborted) break
    begun++
    underway.push((await beginning(file, load, send)).sent)
    if (underway.length >= AHEAD) await settle(await underway.shift()!)
  }
  for (const sent of underway) await settle(await sent)
  progress.hide()
  return { failed, unsent: files.length - begun }
}

/** Resolves when the message is on its way, so that those behind it come after it. What became of it is within an object, not to be waited for. */
async function beginning(file: string, load: Sending['load'], send: Sending['send']): Promise<{ readonly sent: Promise<Sent> }> {
  try {
    const message = await load(file)
    return {
      sent: send(message).then(
        stored => ({ file, stored }),
        (error: unknown) => ({ file, error }),
      ),
    }
  } catch (error) {
    return { sent: Promise.resolve({ file, error }) }
  }
}

const isOfOne = (error: unknown): boolean => error instanceof AlertError && OF_ONE.includes(error.code)
