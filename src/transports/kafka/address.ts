import { ConfigError } from '../../errors.ts'

export interface Address {
  /** Without brackets. */
  readonly host: string
  readonly port: number
}

/** host:port, [::1]:9092. @throws ConfigError */
export function parseAddress(address: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(address)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  if (host === undefined || port < 1 || port > 65_535) throw new ConfigError(`${JSON.stringify(address)} is not host:port`)
  return { host, port }
}

export const formatAddress = ({ host, port }: Address): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`)
