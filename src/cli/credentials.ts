import type { Command } from 'commander'
import { listCredentials, locateAuth } from '../index.ts'
import type { CommonFlags } from './options.ts'
import { running } from './running.ts'

const EXAMPLES = `
Examples:
  $ igwn-alert-rx auth locate
  $ igwn-alert-rx auth list --authfile ./auth.toml`

/** Looks at credentials; `hop auth add` makes them. Secrets are never shown. */
export function addAuth(program: Command): void {
  const auth = program.command('auth').description('where credentials are looked for, and whose there are').addHelpText('after', EXAMPLES)
  auth
    .command('list')
    .description('whose credentials there are, and for which servers; no secrets')
    .addHelpText('after', EXAMPLES)
    .action((_flags, command: Command) => list(command.optsWithGlobals<CommonFlags>()))
  auth
    .command('locate')
    .description('the files in which credentials are looked for, in this order')
    .addHelpText('after', EXAMPLES)
    .action(() => locate())
}

const list = ({ authfile }: CommonFlags): Promise<void> =>
  running(async ({ output }) => {
    const credentials = await listCredentials(authfile)
    if (credentials.length === 0) console.error('igwn-alert-rx: there are no credentials')
    const width = Math.max(0, ...credentials.map(({ username }) => username.length))
    for (const { username, hostname, mechanism, protocol } of credentials) {
      await output.line(`${username.padEnd(width)}  for ${hostname || 'any server'}  ${mechanism}  ${protocol}`)
    }
  })

const locate = (): Promise<void> =>
  running(async ({ output }) => {
    for (const { kind, path, exists } of await locateAuth()) {
      await output.line(`${kind.padEnd(WIDEST.length)}  ${path}${exists ? '' : '  (not there)'}`)
    }
  })

const WIDEST = 'config.toml'
