import type { Command } from 'commander'
import { ConfigError } from '../index.ts'

const READS = 'A subscription lives as long as the process that reads: listen TOPIC... reads'

/** The peer still has these names, and says of them that they are deprecated. They mean nothing across processes. */
export function addSubscriptions(program: Command): void {
  program
    .command('subscriptions')
    .description('says that there is none to list')
    .action(() => {
      throw new Error(`subscriptions: there is none to list. ${READS}, topics lists what may be read`)
    })
  program
    .command('unsubscribe')
    .description('says that there is nothing to unsubscribe from')
    .argument('[topics...]')
    .action(() => {
      throw new Error(`unsubscribe: there is nothing to unsubscribe from. ${READS}, Ctrl-C ends it`)
    })
  // Unknown to the peer too: wrong usage, but not "Did you mean unsubscribe?".
  program
    .command('subscribe', { hidden: true })
    .argument('[topics...]')
    .action(() => {
      throw new ConfigError(`unknown command 'subscribe'. ${READS} (--help shows how)`)
    })
}
