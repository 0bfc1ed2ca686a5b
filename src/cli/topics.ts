import type { Command } from 'commander'
import { type CommonFlags, clientOptions } from './options.ts'
import { withClient } from './running.ts'

const EXAMPLES = `
Examples:
  $ igwn-alert-rx topics
  $ igwn-alert-rx topics -g gracedb-playground -u jdoe-1a2b3c4d`

export function addTopics(program: Command): void {
  program
    .command('topics')
    .description(`list the group's topics that this user may see, one a line`)
    .addHelpText('after', EXAMPLES)
    .action((_flags, command: Command) => topics(command.optsWithGlobals<CommonFlags>()))
}

async function topics(flags: CommonFlags): Promise<void> {
  await withClient(clientOptions(flags), async ({ client, output }) => {
    const names = await client.getTopics()
    if (names.length === 0) console.error('igwn-alert-rx: this user sees no topic of the group')
    for (const name of names) await output.line(name)
  })
}
