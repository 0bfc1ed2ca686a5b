import { type Command, InvalidArgumentError, Option } from 'commander'
import { type ClientOptions, ConfigError, DEFAULT_SERVER } from '../index.ts'
import { LEVELS, type Level, loggerAt, unlessEnded } from './logging.ts'

/** Flags that every command takes, before and after its name. */
export interface CommonFlags {
  /** False: topics have no prefix. */
  readonly group?: string | boolean | undefined
  readonly server?: string | undefined
  readonly port?: number | undefined
  readonly auth: boolean
  readonly username?: string | undefined
  readonly authfile?: string | undefined
  readonly netrc?: string | undefined
  readonly consumerGroup?: string | undefined
  readonly retryOnFatal?: boolean | undefined
  readonly listenRetries?: number | undefined
  /** ms */
  readonly retryWait?: number | undefined
  readonly jsonpp?: boolean | undefined
  readonly log?: Level | undefined
  readonly verbose?: boolean | undefined
}

export function count(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.')
  return Number(text)
}

export function retries(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 0.')
  return Number(text)
}

/** The peer's unit at the prompt, the library's behind it: ms. */
export function seconds(text: string): number {
  if (!/^(\d{1,6}(\.\d*)?|\.\d+)$/.test(text)) throw new InvalidArgumentError('It is a number of seconds, such as 0.1 or 30.')
  return Math.round(Number(text) * 1000)
}

export function start(text: string): 'earliest' | 'latest' | Date {
  if (text === 'earliest' || text === 'latest') return text
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) throw new InvalidArgumentError('It is earliest, latest or a date such as 2025-08-18T02:00:00Z.')
  return date
}

/** Another spelling of an option: the peer writes some of its flags with an underscore. */
class Spelling extends Option {
  readonly #of: string

  constructor(flags: string, of: string) {
    super(flags)
    this.#of = of
    this.hideHelp()
  }

  override attributeName(): string {
    return this.#of
  }
}

export function addCommonFlags(program: Command): Command {
  return program
    .option('-g, --group <group>', 'the group that prefixes the topics, e.g. gracedb-playground (default: gracedb)')
    .option('--no-group', 'topics have no prefix')
    .option('-s, --server <url>', 'kafka://[user@]host[:port]/ (default: kafka://kafka.scimma.org/)')
    .option('-p, --port <port>', 'port of the server (default: 9092)', count)
    .option('-u, --username <user>', 'whose credential is used, where there are several; as the user in --server')
    .option('--no-auth', 'connect without authentication')
    .option('--authfile <file>', `credentials as hop's auth.toml (default: hop's own, else netrc)`)
    .option('-n, --netrc <file>', 'credentials from this netrc file')
    .option('-c, --consumer-group <id>', 'of listen: keep the place at the broker, shared with whoever names the same group')
    .option('-r, --retry-on-fatal', 'of listen: try again after what waiting does not cure, such as a missing right')
    .addOption(new Option('-t, --listen-retries <n>', 'how often (default: 3); also --listen_retries').argParser(retries))
    .addOption(new Spelling('--listen_retries <n>', 'listenRetries').argParser(retries))
    .addOption(new Option('-w, --retry-wait <seconds>', 'so many seconds apart (default: 0.1); also --retry_wait').argParser(seconds))
    .addOption(new Spelling('--retry_wait <seconds>', 'retryWait').argParser(seconds))
    .option('-j, --jsonpp', 'of listen: the whole payload as JSON, indented by 4')
    .addOption(new Option('-l, --log <level>', 'what is said on stderr (default: warning)').choices(LEVELS))
    .addOption(new Option('-v, --verbose', 'say all that goes on; as --log debug').conflicts('log'))
}

/** @throws ConfigError when the flags contradict each other in a way that the client cannot see */
export function clientOptions(flags: CommonFlags): ClientOptions {
  const { group, server, port, auth, username, authfile, netrc, consumerGroup, retryOnFatal, listenRetries, retryWait } = flags
  const logger = loggerAt(flags.verbose ? 'debug' : (flags.log ?? 'warning'))
  return {
    group: typeof group === 'string' ? group : group === false ? null : undefined,
    server: username === undefined ? server : withUser(server ?? DEFAULT_SERVER, username),
    port,
    noauth: auth ? undefined : true,
    authfile,
    netrc,
    consumerGroup,
    retryOnFatal,
    listenRetries,
    retryWait,
    logger: retryOnFatal ? logger : unlessEnded(logger),
  }
}

/** The server with the user who selects the credential. What is no URL stays as it is: the client says what is wrong with it. */
function withUser(server: string, username: string): string {
  const [, scheme, held, rest] = /^([a-z][a-z0-9+.-]*:\/\/)(?:([^/?#]*)@)?(.*)$/is.exec(server) ?? []
  if (scheme === undefined || held?.includes(':')) return server
  const user = encodeURIComponent(username)
  if (held !== undefined && held !== user && held !== username) {
    throw new ConfigError(`--username is '${username}', the user in --server is another`, { mend: 'Give one of them' })
  }
  return `${scheme}${user}@${rest}`
}
