import { IgwnAlertClient } from 'igwn-alert-rx'

/** A client as the environment says: SERVER (kafka://host/), GROUP; credentials from hop's auth.toml. */
export function clientFromEnvironment(): IgwnAlertClient {
  const { SERVER, GROUP } = process.env
  return new IgwnAlertClient({ server: SERVER, group: GROUP })
}

/** Whether a file was started by itself, rather than imported. */
export const isMain = (url: string): boolean => process.argv[1] !== undefined && url.endsWith(process.argv[1].split('/').at(-1) ?? '')
