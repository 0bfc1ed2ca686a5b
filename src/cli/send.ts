import { type Command, Option } from 'commander'
import type { Outgoing } from '../index.ts'
import { errorLine, errorText } from './exit.ts'
import { fileReader } from './files.ts'
import { FORMATS, type MessageFlags, messageOf } from './messages.ts'
import { type CommonFlags, clientOptions } from './options.ts'
import type { Output } from './output.ts'
import { progressOn } from './progress.ts'
import { withClient } from './running.ts'
import { type Sent, sendAll } from './sending.ts'

interface SendFlags extends CommonFlags, MessageFlags {
  readonly blob?: boolean | undefined
}

const EXAMPLES = `
Examples:
  $ igwn-alert-rx -g gracedb-playground send superevent alert.json --test
  $ igwn-alert-rx send superevent night/*.json --key S250818ab
  $ generate | igwn-alert-rx send superevent -
  $ igwn-alert-rx -g mylab send reports circular.txt --format circular`

export function addSend(program: Command): void {
  const format = new Option(
    '--format <name>',
    `what the files are, by hop's names (default: an alert's JSON, sent as text, as GraceDB does)`,
  )
  program
    .command('send')
    .description('publish files, in their order')
    .argument('<topic>', 'topic without the group')
    .argument('<files...>', 'files, or - for the standard input')
    .option('--test', 'mark them as test messages')
    .option('--key <key>', 'key of the messages: those of one key stay in order')
    .addOption(format.choices(FORMATS))
    .addOption(new Option('--blob', 'any bytes as they are; as --format blob').conflicts('format'))
    .addHelpText('after', EXAMPLES)
    .action((topic: string, files: string[], _flags, command: Command) => send(topic, files, command.optsWithGlobals<SendFlags>()))
}

/** Nothing is sent if one of the files is broken: half a night is worse than none. What is sent does not depend on who reads the output. */
async function send(topic: string, files: readonly string[], flags: SendFlags): Promise<void> {
  const read = fileReader()
  const { test, key, blob, format = blob ? 'blob' : undefined } = flags
  const load = async (file: string) => messageOf(file, await read(file), { test, key, format })
  for (const file of files) await load(file)
  await withClient(
    clientOptions(flags),
    async ({ client, output, signal }) => {
      // An unknown topic or a missing right is said at once, not when the time for the delivery is over.
      await client.connect(topic)
      const tell = (sent: Sent): Promise<void> => tellOf(sent, output, files.length)
      const progress = progressOn(process.stderr, files.length)
      const sink = client.sink<unknown>(topic)
      const [ready, publish] = [() => sink.ready(), (message: Outgoing) => sink.send(message)]
      const { failed, unsent } = await sendAll({ files, ready, load, send: publish, tell, progress, signal })
      if (unsent > 0) console.error(`igwn-alert-rx: the last ${unsent} of ${files.length} files were not sent`)
      signal.throwIfAborted()
      if (failed > 0) throw new Error(`${failed} of ${files.length} files failed`)
    },
    { endsUnread: false },
  )
}

/** What became of a file: where it is stored, or why not. @throws what went wrong with a single one: the last line of the command says it */
async function tellOf(sent: Sent, { line }: Output, files: number): Promise<void> {
  if ('stored' in sent) {
    const { fullTopic, partition, offset, id } = sent.stored
    const place = `${fullTopic}[${partition}]${offset === undefined ? '' : `@${offset}`}`
    await line(`${sent.file}: ${place} ${id}`).catch(() => {})
  } else if (files === 1) throw sent.error
  else process.stderr.write(errorLine(`${sent.file}: ${errorText(sent.error)}`))
}
