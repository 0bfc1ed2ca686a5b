import { ConfigError } from '../../errors.ts'
import type { BridgeOptions } from './options.ts'
import type { BridgeStream } from './streams.ts'

const COUNTS = ['heartbeat', 'retry', 'maxClients', 'maxClientsPerAddress', 'maxReplays', 'reauthorize', 'refresh'] as const

/** @throws ConfigError */
export function checkOptions(options: BridgeOptions): readonly BridgeStream[] {
  const streams = toList(options.streams)
  if (streams.length === 0)
    throw new ConfigError('createBridge() got no streams', { mend: 'createBridge({ streams: { client, topics: [...] } })' })
  for (const name of COUNTS) checkCount(name, options[name])
  for (const [name, value] of Object.entries(options.ring ?? {})) checkCount(`ring.${name}`, value)
  for (const origin of options.origins ?? []) checkOriginText(origin)
  for (const host of options.hosts ?? []) checkHostText(host)
  return streams
}

const isList = (streams: BridgeOptions['streams']): streams is readonly BridgeStream[] => Array.isArray(streams)
const toList = (streams: BridgeOptions['streams']): readonly BridgeStream[] => (isList(streams) ? streams : [streams])

function checkCount(name: string, value: unknown): void {
  if (value === undefined || (typeof value === 'number' && Number.isInteger(value) && value > 0)) return
  throw new ConfigError(`${name} is ${String(value)}; expected a whole number from 1`)
}

function checkOriginText(origin: string): void {
  if (URL.canParse(origin) && new URL(origin).origin === origin && !origin.includes('*')) return
  throw new ConfigError(`'${origin}' is no origin`, {
    mend: "Write scheme, host and port, if it is not the scheme's own, and nothing else: https://example.org",
  })
}

function checkHostText(host: string): void {
  if (/^([\w.-]+|\[[\da-f:]+\])(:\d+)?$/i.test(host)) return
  throw new ConfigError(`'${host}' is no host that a request can name`, {
    mend: 'Write example.org, or example.org:8080 for one port; IPv6 in brackets',
  })
}
