import { isIPv6 } from 'node:net'
import { ConfigError } from '../errors.ts'

/** SCiMMA's, as with Python's igwn-alert. */
export const DEFAULT_SERVER = 'kafka://kafka.scimma.org/'
export const DEFAULT_PORT = 9092

/** One broker to begin with; the others are found through it. */
export interface ServerUrl {
  /** Name or IP address, lower case, an IPv6 address without its brackets. */
  readonly host: string
  readonly port: number
  /** Selects one of several credentials. */
  readonly username: string | undefined
  /** `host:port` as records, statuses and cursors name it, an IPv6 address in brackets. */
  readonly address: string
  /** As it was given: the machine's name in a netrc. */
  readonly text: string
}

/**
 * Reads `kafka://[user@]host[:port]/`. Topics behind the slash are refused: the client's methods name topics, and reading others than
 * those asked for would be silent.
 *
 * @param port the client's option; the URL may repeat it, not contradict it. @default 9092
 * @throws ConfigError, which never repeats what may be a password
 */
export function parseServerUrl(server: string, port?: number): ServerUrl {
  if (typeof server !== 'string') throw new ConfigError(`server must be a text like '${DEFAULT_SERVER}', got ${typeof server}`)
  if (port !== undefined && !isPort(port)) throw new ConfigError(`port must be a whole number from 1 to 65535, got ${JSON.stringify(port)}`)
  refusePassword(server)
  const { authority, tail } = split(server)
  refuseTail(tail, authority)
  const at = authority.lastIndexOf('@')
  const username = at < 0 ? undefined : decodeUser(authority.slice(0, at))
  const { host, urlPort } = parseHostPort(authority.slice(at + 1))
  if (urlPort !== undefined && port !== undefined && urlPort !== port) {
    throw new ConfigError(`server names port ${urlPort}, the option port is ${port}`, { mend: 'Give one of them' })
  }
  const chosen = urlPort ?? port ?? DEFAULT_PORT
  return { host, port: chosen, username, address: `${isIPv6(host) ? `[${host}]` : host}:${chosen}`, text: server }
}

/** Only what is surely a host and its port is repeated in an error: anything else may hold a password. */
const HOST_PORT = /^[a-z0-9._-]+(:\d{1,5})?$/i

const isPort = (port: number): boolean => Number.isInteger(port) && port >= 1 && port <= 65_535

/** Before anything is quoted: no '@' is legal behind the user, so a ':' before the last one begins a password, whatever else is wrong. */
function refusePassword(server: string): void {
  const rest = server.replace(/^[a-z][a-z0-9+.-]*:\/\//i, '')
  if (!rest.slice(0, Math.max(0, rest.lastIndexOf('@'))).includes(':')) return
  throw new ConfigError('server holds a password, which shows in logs and process lists', {
    mend: "Keep the user alone, 'kafka://USER@HOST/', and put the password into auth.toml or the option `password`",
  })
}

function split(server: string): { authority: string; tail: string } {
  const [, scheme, authority = '', tail = ''] = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/is.exec(server) ?? []
  if (scheme?.toLowerCase() === 'kafka') return { authority, tail }
  const must = "invalid kafka URL: must start with 'kafka://'"
  if (scheme !== undefined) throw new ConfigError(`${must}, got '${scheme}://'`, { mend: `Write it like '${DEFAULT_SERVER}'` })
  const bare = server.replace(/\/$/, '')
  if (!HOST_PORT.test(bare)) throw new ConfigError(must, { mend: `Write it like '${DEFAULT_SERVER}'` })
  throw new ConfigError(`${must}, got '${server}'`, { mend: `Write 'kafka://${bare}/'` })
}

function refuseTail(tail: string, authority: string): void {
  if (/^\/*$/.test(tail)) return
  const what = tail.startsWith('/') ? 'names topics behind its last slash' : "has a part behind '?' or '#'"
  const clean = HOST_PORT.test(authority) ? authority : 'HOST:PORT'
  throw new ConfigError(`server ${what}, which has no meaning there`, {
    mend: `Write server: 'kafka://${clean}/' and pass topics to topics() or listen()`,
  })
}

function decodeUser(text: string): string {
  if (text === '')
    throw new ConfigError("server has no user name before its '@'", { mend: "Write 'kafka://USER@HOST/', or leave the '@' out" })
  try {
    return decodeURIComponent(text)
  } catch {
    throw new ConfigError("the user name in server has a '%' that begins no percent-encoded character", { mend: "Write '%25' for a '%'" })
  }
}

function parseHostPort(text: string): { host: string; urlPort: number | undefined } {
  if (text.includes(',')) {
    throw new ConfigError('Multiple broker addresses are not supported', { mend: 'Name one broker in server; it names the others' })
  }
  const [, bracketed, name = '', portText] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/s.exec(text) ?? []
  const host = (bracketed ?? name).toLowerCase()
  const good = bracketed === undefined ? /^[a-z0-9_][a-z0-9._-]*$/.test(host) : isIPv6(host)
  if (!good) {
    throw new ConfigError('server has no host name or IP address that can be read', {
      mend: `Write it like '${DEFAULT_SERVER}', 'kafka://127.0.0.1:9092/' or 'kafka://[::1]:9092/'`,
    })
  }
  if (portText === undefined) return { host, urlPort: undefined }
  // Not repeated: in 'kafka://user:password' with the host forgotten it would be the password.
  if (!/^\d{1,5}$/.test(portText) || !isPort(Number(portText))) {
    throw new ConfigError("what follows the ':' behind server's host is not a port from 1 to 65535")
  }
  return { host, urlPort: Number(portText) }
}
