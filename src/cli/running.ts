import { AlertError, type ClientOptions, IgwnAlertClient } from '../index.ts'
import { EXIT, Interrupted } from './exit.ts'
import { isBrokenPipe, type Output, outputTo } from './output.ts'

/** What a command works with. */
export interface Running {
  readonly output: Output
  /** Aborted by Ctrl-C, by SIGTERM, and when the output cannot be written. */
  readonly signal: AbortSignal
}

export interface RunningOptions {
  /** Whether the command ends when its output cannot be written. Not if what it does is more than what it prints. @default true */
  readonly endsUnread?: boolean | undefined
}

/**
 * Runs a command that ends early, and in order, at Ctrl-C (or SIGTERM) and when nobody reads its output any more. A second Ctrl-C does not
 * wait for the end.
 *
 * @throws Interrupted when Ctrl-C came before the command was done, and what the command throws
 */
export async function running(command: (running: Running) => Promise<void>, { endsUnread = true }: RunningOptions = {}): Promise<void> {
  const { stdout, stderr } = process
  const early = new AbortController()
  const interrupt = (): void => {
    if (early.signal.aborted) process.exit(EXIT.interrupted)
    early.abort(new Interrupted())
  }
  const unwritable = (error: Error): void => {
    if (endsUnread) early.abort(error)
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  stdout.on('error', unwritable)
  // Nobody is left to tell.
  stderr.on('error', () => {})
  try {
    await command({ output: outputTo(stdout), signal: early.signal })
  } catch (error) {
    if (!isBrokenPipe(error) && !isBrokenPipe(early.signal.reason)) throw isEarlyEnd(error, early.signal) ? early.signal.reason : error
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

/** As `running`, with a client that is closed at the end, early or not: started work ends first. */
export function withClient(
  options: ClientOptions,
  command: (running: Running & { readonly client: IgwnAlertClient }) => Promise<void>,
  more?: RunningOptions,
): Promise<void> {
  return running(async ({ output, signal }) => {
    const client = new IgwnAlertClient(options)
    signal.addEventListener('abort', () => void client.close())
    try {
      await command({ client, output, signal })
    } finally {
      await client.close()
    }
  }, more)
}

/** What the early end itself brings about is no news. */
function isEarlyEnd(error: unknown, { aborted, reason }: AbortSignal): boolean {
  if (!aborted) return false
  return (
    error === reason ||
    (error instanceof AlertError ? error.code === 'ALERT_CLOSED' : error instanceof Error && error.name === 'AbortError')
  )
}
