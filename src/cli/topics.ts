import { type CommonFlags, clientOptions } from './options.ts'
import { withClient } from './running.ts'

export async function topics(flags: CommonFlags): Promise<void> {
  await withClient(clientOptions(flags), async ({ client, output }) => {
    const names = await client.getTopics()
    if (names.length === 0) console.error('igwn-alert-rx: this user sees no topic of the group')
    for (const name of names) await output.line(name)
  })
}
