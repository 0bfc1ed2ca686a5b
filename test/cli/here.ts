import { vi } from 'vitest'
import { run } from '../../src/cli/program.ts'
import type { Ended } from './child.ts'

/** The command within this process: as quick as a function. Nothing of the user's own is found. */
export async function runHere(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  let [out, err] = ['', '']
  const write =
    (take: (text: string) => void) =>
    (text: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
      take(String(text))
      const done = rest.at(-1)
      if (typeof done === 'function') done()
      return true
    }
  const toErr = (text: string): void => {
    err += text
  }
  for (const [name, value] of Object.entries({ XDG_CONFIG_HOME: '/nonexistent', HOME: '/nonexistent', NETRC: undefined, ...env })) {
    vi.stubEnv(name, value)
  }
  // Those of the command stay for what comes late; a process has one command, this one many.
  const listeners = [process.stdout, process.stderr].map(stream => ({ stream, before: stream.listeners('error') }))
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation(
      write(text => {
        out += text
      }),
    ),
    vi.spyOn(process.stderr, 'write').mockImplementation(write(toErr)),
    vi.spyOn(console, 'error').mockImplementation(text => toErr(`${text}\n`)),
  ]
  try {
    return { code: await run(['node', 'igwn-alert-rx', ...args]), out, err }
  } finally {
    for (const spy of spies) spy.mockRestore()
    vi.unstubAllEnvs()
    for (const { stream, before } of listeners) {
      for (const listener of stream.listeners('error')) if (!before.includes(listener)) stream.off('error', listener as () => void)
    }
  }
}
