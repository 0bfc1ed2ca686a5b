import { type Command, Option } from 'commander'
import { filter, lastValueFrom, type Observable, take } from 'rxjs'
import { type Delivery, decode, type ExternalResolver, handle, type Status } from '../index.ts'
import { type CommonFlags, clientOptions, count, start } from './options.ts'
import type { Output } from './output.ts'
import { type PrintFlags, textOf } from './records.ts'
import { withClient } from './running.ts'

export interface ListenFlags extends CommonFlags, PrintFlags {
  readonly from?: 'earliest' | 'latest' | Date | undefined
  readonly untilEnd?: boolean | undefined
  readonly count?: number | undefined
  readonly tests?: 'exclude' | 'include' | 'only' | undefined
}

const EXAMPLES = `
Examples:
  $ igwn-alert-rx -g gracedb-playground listen superevent
  $ igwn-alert-rx listen --from earliest --until-end --json | jq .payload.superevent_id
  $ igwn-alert-rx listen superevent --count 1 -j              # the next alert, whole
  $ igwn-alert-rx listen superevent -c jdoe-1a2b3c4d-pager    # goes on where it ended the last time`

export function addListen(program: Command): void {
  program
    .command('listen')
    .description('print alerts as they come')
    .argument('[topics...]', 'topics without the group; none: all of the group')
    .option('--json', 'one JSON object a line: topic, partition, offset, ..., payload; bytes as base64')
    .option('--from <where>', 'earliest, latest or a date such as 2025-08-18T02:00:00Z (default: latest)', start)
    .option('--until-end', 'end where the log ends now')
    .option('--count <n>', 'end after so many alerts', count)
    .addOption(new Option('--tests <which>', 'test messages').choices(['exclude', 'include', 'only']).default('exclude'))
    .addHelpText('after', EXAMPLES)
    .action((topics: string[], _flags, command: Command) => listen(topics, command.optsWithGlobals<ListenFlags>()))
}

async function listen(topics: readonly string[], flags: ListenFlags): Promise<void> {
  const { from, untilEnd, tests } = flags
  await withClient({ ...clientOptions(flags), from, untilEnd, tests }, async ({ client, output }) => {
    if (process.stderr.isTTY) client.status$.pipe(filter(isConnected), take(1)).subscribe(greet)
    await printAlerts(client.topics(topics.length > 0 ? topics : undefined), output, flags, client.external())
  })
}

const isConnected = ({ type }: Status): boolean => type === 'connected'

/** Alerts are rare: silence is not a fault. */
const greet = ({ server, topics }: Status): void =>
  console.error(`igwn-alert-rx: connected to ${server}, waiting for alerts of ${topics.join(', ')}; Ctrl-C ends`)

/** GraceDB's alerts are JSON in a JSON string. */
const DECODING = { bigints: true, unwrap: 3 }

/** A record is handled once it is written; one that cannot be decoded is reported, and not counted. Resolves after `count` of them. */
export async function printAlerts(
  records: Observable<Delivery>,
  output: Output,
  { count = Number.POSITIVE_INFINITY, ...flags }: PrintFlags & Pick<ListenFlags, 'count'>,
  external?: ExternalResolver,
): Promise<void> {
  const print = async (record: Delivery<unknown>): Promise<boolean> => {
    const text = printable(record, flags, output)
    if (text !== undefined) await output.line(text)
    return text !== undefined
  }
  const printed = records.pipe(
    decode({ ...DECODING, external }),
    handle(print, { retry: 0, onFailure: 'error' }),
    filter(isPrinted => isPrinted),
    take(count),
  )
  await lastValueFrom(printed, { defaultValue: false })
}

/** Undefined for what cannot be said in a text, such as one of more than half a gigabyte: it is reported, and ends nothing. */
function printable(record: Delivery<unknown>, flags: PrintFlags, output: Output): string | undefined {
  try {
    return textOf(record, flags, output)
  } catch (error) {
    record.fail(error)
    return undefined
  }
}
