import { type Command, InvalidArgumentError } from 'commander'
import { type ClientOptions, consoleLogger, type Logger } from '../index.ts'

/** Flags that every command takes, before and after its name. */
export interface CommonFlags {
  /** False: topics have no prefix. */
  readonly group: string | boolean | undefined
  readonly server: string | undefined
  readonly port: number | undefined
  readonly auth: boolean
  readonly authfile: string | undefined
  readonly consumerGroup: string | undefined
  readonly verbose: boolean | undefined
}

export function count(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.')
  return Number(text)
}

export function start(text: string): 'earliest' | 'latest' | Date {
  if (text === 'earliest' || text === 'latest') return text
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) throw new InvalidArgumentError('It is earliest, latest or a date such as 2025-08-18T02:00:00Z.')
  return date
}

export function addCommonFlags(program: Command): Command {
  return program
    .option('-g, --group <group>', 'the group that prefixes the topics, e.g. gracedb-playground (default: gracedb)')
    .option('--no-group', 'topics have no prefix')
    .option(
      '-s, --server <url>',
      'kafka://[user@]host[:port]/; the user selects one of several credentials (default: kafka://kafka.scimma.org/)',
    )
    .option('-p, --port <port>', 'port of the server (default: 9092)', count)
    .option('--no-auth', 'connect without authentication')
    .option('--authfile <file>', `credentials as hop's auth.toml (default: hop's own)`)
    .option(
      '-c, --consumer-group <id>',
      'of listen: keep the place at the broker, and share the topics with whoever names the same group; at SCiMMA it begins with the user name',
    )
    .option('-v, --verbose', 'say what goes on, on stderr')
}

/** Logs go to stderr: stdout is for data. */
const verboseLogger: Logger = {
  ...consoleLogger,
  debug: (_fields, message) => console.error(`igwn-alert-rx: ${message}`),
  info: (_fields, message) => console.error(`igwn-alert-rx: ${message}`),
}

/** What ends the stream ends the command, whose last line says it. */
const unlessEnded = (logger: Logger): Logger => ({
  ...logger,
  error: (fields, message) => {
    if (!('status' in fields && fields.status === 'closed')) logger.error(fields, message)
  },
})

export function clientOptions({ group, server, port, auth, authfile, consumerGroup, verbose }: CommonFlags): ClientOptions {
  return {
    group: typeof group === 'string' ? group : group === false ? null : undefined,
    server,
    port,
    noauth: auth ? undefined : true,
    authfile,
    consumerGroup,
    logger: unlessEnded(verbose ? verboseLogger : consoleLogger),
  }
}
