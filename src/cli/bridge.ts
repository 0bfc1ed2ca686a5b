import { type Command, Option } from 'commander'
import { createBridge, serveBridge, tokenFile } from '../bridge.ts'
import { ConfigError, IgwnAlertClient } from '../index.ts'
import { type CommonFlags, clientOptions } from './options.ts'
import { running } from './running.ts'

export interface BridgeFlags extends CommonFlags {
  readonly host: string
  readonly allowHost?: readonly string[] | undefined
  readonly origin?: readonly string[] | undefined
  readonly tokenFile?: string | undefined
  readonly ui?: boolean | undefined
  readonly tests: 'exclude' | 'include' | 'only'
}

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '::1'])

const EXAMPLES = `
--port is where the bridge listens (default: 8080); Kafka's own port goes into --server.
A page then reads http://127.0.0.1:8080/stream, or fromBridge('http://127.0.0.1:8080').
Plain HTTP: put a proxy with TLS before it where others reach it.

Examples:
  $ igwn-alert-rx bridge superevent
  $ igwn-alert-rx bridge --ui superevent
  $ igwn-alert-rx bridge --port 8081 --origin https://dashboard.example.org --token-file tokens
  $ curl -N http://127.0.0.1:8080/stream?topics=superevent`

export function addBridge(program: Command): void {
  program
    .command('bridge')
    .description('serve topics over HTTP (server-sent events), for pages and whoever else speaks it')
    .argument('[topics...]', 'topics without the group; none: all of the group')
    .option('--host <address>', 'address to listen at', '127.0.0.1')
    .option('--allow-host <name...>', 'names that requests may call this server by (default: those of this machine, or --host)')
    .option('--origin <origin...>', 'pages of these origins may read: exactly scheme://host[:port]')
    .option('--token-file <file>', 'tokens, one a line, one of which each request has to have')
    .option('--ui', 'also serve a page that shows superevents as they come')
    .addOption(new Option('--tests <which>', 'test messages').choices(['exclude', 'include', 'only']).default('exclude'))
    .addHelpText('after', EXAMPLES)
    .action((names: string[], _flags, command: Command) => bridge(names, command.optsWithGlobals<BridgeFlags>()))
}

async function bridge(topics: readonly string[], flags: BridgeFlags): Promise<void> {
  const { port, host, origin, tokenFile: file, tests, ui } = flags
  const authorize = file === undefined ? undefined : await tokenFile(file)
  const hosts = hostsOf(flags)
  await running(
    async ({ output, signal }) => {
      const options = clientOptions({ ...flags, port: undefined })
      const client = new IgwnAlertClient(options)
      try {
        const streams = { client, topics: topics.length > 0 ? topics : undefined }
        const served = createBridge({ streams, authorize, hosts, origins: origin, tests, ui, logger: options.logger })
        try {
          const server = await serveBridge(served, { port, host })
          await output.line(
            `igwn-alert-rx: serving ${topics.join(', ') || 'every topic'} of ${client.server} at ${server.url}/${ui ? '' : 'stream'}; Ctrl-C ends`,
          )
          if (!authorize && !LOOPBACK.has(host)) console.error('igwn-alert-rx: whoever reaches it may read; --token-file asks for a token')
          if (!signal.aborted) await new Promise(resolve => signal.addEventListener('abort', resolve))
          await server.close()
        } finally {
          await served.close()
        }
      } finally {
        await client.close()
      }
    },
    { endsUnread: false },
  )
}

/** @throws ConfigError where nobody could say which names are meant */
function hostsOf({ host, allowHost }: BridgeFlags): readonly string[] | undefined {
  if (allowHost) return allowHost
  if (LOOPBACK.has(host)) return undefined
  if (host === '0.0.0.0' || host === '::') {
    throw new ConfigError(`--host ${host} listens at every address of this machine, but by which names it may be called is not said`, {
      mend: '--allow-host NAME says it',
    })
  }
  return [host.includes(':') ? `[${host}]` : host]
}
