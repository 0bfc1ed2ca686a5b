import { readFileSync } from 'node:fs'
import { Command, CommanderError, Option } from 'commander'
import { demo } from './demo.ts'
import { EXIT, errorLine, exitCodeOf, usageLine } from './exit.ts'
import { type ListenFlags, listen } from './listen.ts'
import { addCommonFlags, type CommonFlags, count, start } from './options.ts'
import { type SendFlags, send } from './send.ts'
import { topics } from './topics.ts'

const EPILOGUE = `
Exit codes:
  0    done; for listen also after Ctrl-C
  1    it failed: one line on stderr says why
  2    wrong usage or configuration
  130  Ctrl-C before it was done

Credentials come from hop's auth.toml (hop auth add) or --authfile, never from
the command line.`

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

  program
    .command('listen')
    .description('print alerts as they come')
    .argument('[topics...]', 'topics without the group; none: all of the group')
    .option('--json', 'one JSON object a line: topic, partition, offset, ..., payload; bytes as base64')
    .option('--from <where>', 'earliest, latest or a date such as 2025-08-18T02:00:00Z (default: latest)', start)
    .option('--until-end', 'end where the log ends now')
    .option('--count <n>', 'end after so many alerts', count)
    .addOption(new Option('--tests <which>', 'test messages').choices(['exclude', 'include', 'only']).default('exclude'))
    .addHelpText(
      'after',
      `\nExamples:\n  $ igwn-alert-rx -g gracedb-playground listen superevent\n  $ igwn-alert-rx listen --from earliest --until-end --json | jq .payload.superevent_id\n  $ igwn-alert-rx -c jdoe-1a2b3c4d-pager listen superevent   # goes on where it ended the last time`,
    )
    .action((names: string[], _flags, command: Command) => listen(names, command.optsWithGlobals<ListenFlags>()))

  program
    .command('topics')
    .description(`list the group's topics that this user may see, one a line`)
    .action((_flags, command: Command) => topics(command.optsWithGlobals<CommonFlags>()))

  program
    .command('send')
    .description('publish files: each is an alert as JSON text')
    .argument('<topic>', 'topic without the group')
    .argument('<files...>', 'files, or - for the standard input')
    .option('--test', 'mark them as test messages')
    .option('--key <key>', 'key of the messages')
    .option('--blob', 'send the bytes of the files as they are')
    .action((topic: string, files: string[], _flags, command: Command) => send(topic, files, command.optsWithGlobals<SendFlags>()))

  program
    .command('demo')
    .description('a night of made-up alerts on an embedded log; needs no broker and no account')
    .action(() => demo())
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
