import { pathToFileURL } from 'node:url'
import { ConfigError, IgwnAlertClient } from 'igwn-alert-rx'

/** A client as the environment says: SERVER, GROUP, FROM, NOAUTH, see README.md; credentials from hop's auth.toml. */
export function clientFromEnvironment(): IgwnAlertClient {
  const { SERVER, GROUP, FROM, NOAUTH } = process.env
  if (FROM !== undefined && FROM !== 'latest' && FROM !== 'earliest') throw new ConfigError(`FROM is ${FROM}; expected latest or earliest`)
  return new IgwnAlertClient({ server: SERVER, group: GROUP === '' ? null : GROUP, from: FROM, noauth: NOAUTH === '1' || undefined })
}

/** Whether a file was started by itself, rather than imported. */
export const isMain = (url: string): boolean => process.argv[1] !== undefined && url === pathToFileURL(process.argv[1]).href
