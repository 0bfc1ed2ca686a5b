import { isIPv4 } from 'node:net'
import { ConfigError } from '../errors.ts'

/** @throws ConfigError for what is no URL to send a client's secret to. The text is not repeated while it may hold one. */
export function checkEndpoint(text: string, where: string): URL {
  const mend = "Write it like 'https://auth.example.org/oauth2/token'"
  if (!URL.canParse(text)) throw new ConfigError(`${where} is not a URL`, { mend })
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') {
    throw new ConfigError(`${where} holds a user or a password`, { mend: "Give the client's id and secret as username and password" })
  }
  if (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname))) return url
  throw new ConfigError(`${where} is not an https: URL, got ${shownUrl(url)}`, {
    mend: "The client's secret would travel in plain text; http: is for 127.0.0.1, [::1] and localhost alone",
  })
}

/** Without what may be secret. */
export const shownUrl = ({ protocol, host, pathname }: URL): string => `${protocol}//${host}${pathname}`

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'))
