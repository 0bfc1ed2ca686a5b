import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { addBridge } from './bridge.ts'
import { addAuth } from './credentials.ts'
import { demo } from './demo.ts'
import { demoPage } from './demoPage.ts'
import { addDoctor } from './doctor.ts'
import { EXIT, errorLine, exitCodeOf, usageLine } from './exit.ts'
import { addListen } from './listen.ts'
import { addCommonFlags } from './options.ts'
import { addSend } from './send.ts'
import { addSubscriptions } from './subscriptions.ts'
import { addTopics } from './topics.ts'

const EPILOGUE = `
Exit codes:
  0    done; for listen also after Ctrl-C
  1    it failed: one line on stderr says why
  2    wrong usage or configuration
  130  Ctrl-C, or SIGTERM, before it was done

Credentials come from hop's auth.toml (hop auth add), --authfile or netrc, never
from the command line. docs/command.md has all of it, and how it differs from
Python's igwn-alert.`

function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
  return version
}

export function createProgram(): Command {
  const program = addCommonFlags(new Command('igwn-alert-rx'))
    .description('The alert streams of LIGO, Virgo and KAGRA.')
    .version(version(), '-V, --version')
    .configureOutput({ outputError: (text, write) => write(usageLine(text)) })
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .addHelpText('after', EPILOGUE)
  addListen(program)
  addTopics(program)
  addSend(program)
  addAuth(program)
  addSubscriptions(program)
  addDoctor(program)
  addBridge(program)
  program
    .command('demo')
    .description('a night of made-up alerts on an embedded log; needs no broker and no account')
    .option('--ui', 'nights, one after the other, on a page at --port (default: 8080) of this machine')
    .addHelpText('after', '\nExamples:\n  $ igwn-alert-rx demo\n  $ igwn-alert-rx demo --ui')
    .action((_flags, command: Command) => {
      const { ui, port } = command.optsWithGlobals<{ ui?: boolean; port?: number }>()
      return ui ? demoPage(port) : demo()
    })
  return program
}

/** Runs the command; its exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(argv)
    return EXIT.done
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    process.stderr.write(errorLine(error))
    return exitCodeOf(error)
  }
}
