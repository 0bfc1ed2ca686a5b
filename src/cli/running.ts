import { type ClientOptions, IgwnAlertClient } from '../index.ts'
import { type Output, onBrokenPipe, outputTo } from './output.ts'

/** What a command works with. */
export interface Running {
  readonly client: IgwnAlertClient
  readonly output: Output
}

/**
 * Runs a command with a client that is closed at its end, at Ctrl-C (or SIGTERM) and when nobody reads the output any more: started work
 * ends first, a second Ctrl-C does not wait for it.
 */
export async function withClient(options: ClientOptions, command: (running: Running) => Promise<void>): Promise<void> {
  const output = outputTo(process.stdout, process.stderr)
  const client = new IgwnAlertClient(options)
  let stopping = false
  const stop = (): void => {
    if (stopping) process.exit(130)
    stopping = true
    void client.close()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  onBrokenPipe(process.stdout, () => {
    stopping = true
    void client.close()
  })
  try {
    await command({ client, output })
  } catch (error) {
    if (!stopping) throw error
  } finally {
    await client.close()
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}
