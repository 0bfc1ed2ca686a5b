import { ConfigError } from '../errors.ts'
import { DEFAULT_PORT } from './serverUrl.ts'

export interface Candidate {
  readonly username: string
  /** Empty: any. */
  readonly hostname: string
}

/**
 * hop's `select_matching_auth`: the one credential that fits the server. Those for this host win over those for any host; a host without a
 * port means port 9092; texts are compared as they are, names and IP addresses are not looked up.
 *
 * @param address `host` or `host:port`
 * @param from where the credentials stand, for errors
 * @throws ConfigError when none fits, or more than one
 */
export function selectAuth<T extends Candidate>(candidates: readonly T[], address: string, username: string | undefined, from: string): T {
  const ofUser = candidates.filter(candidate => username === undefined || candidate.username === username)
  const exact = ofUser.filter(({ hostname }) => hostname !== '' && isSameServer(hostname, address))
  const matches = exact.length > 0 ? exact : ofUser.filter(({ hostname }) => hostname === '')
  const [match] = matches
  if (match === undefined) throw noMatch(candidates, address, username, from)
  if (matches.length > 1) throw ambiguous(matches, address, username, from)
  return match
}

function isSameServer(hostname: string, address: string): boolean {
  const ours = splitPort(hostname)
  const theirs = splitPort(address)
  if ((ours.port === undefined) === (theirs.port === undefined)) return hostname === address
  return ours.host === theirs.host && (ours.port ?? theirs.port) === String(DEFAULT_PORT)
}

function splitPort(text: string): { host: string; port: string | undefined } {
  const [, host = '', port] = /^([^[:][^:]*|\[[^\]]+\])(?::([0-9]+))?$/.exec(text) ?? []
  return { host, port }
}

const list = (candidates: readonly Candidate[]): string =>
  candidates
    .map(({ username, hostname }) => `\n  ${username}${hostname === '' ? ' which has no associated hostname' : ` for ${hostname}`}`)
    .join('')

function noMatch(candidates: readonly Candidate[], address: string, username: string | undefined, from: string): ConfigError {
  const of = username === undefined ? '' : ` with username '${username}'`
  const held = candidates.length === 0 ? 'holds no credentials' : `holds (a hostname without a port is for port 9092):${list(candidates)}`
  return new ConfigError(`No matching credential found for hostname '${address}'${of}`, { mend: `${from} ${held}` })
}

function ambiguous(matches: readonly Candidate[], address: string, username: string | undefined, from: string): ConfigError {
  const of = username === undefined ? 'with no username specified' : `with username '${username}'`
  const text = `Ambiguous credentials found for hostname '${address}' ${of}\nMatched credentials in ${from}:${list(matches)}`
  const doubled = new Set(matches.map(match => match.username)).size < matches.length
  return new ConfigError(`${text}\n${doubled ? 'Remove or change all but one of the same user' : howToSelect(address)}`)
}

const howToSelect = (address: string): string =>
  `To select a specific credential to use, embed its username in the server's URL:\n  kafka://<username>@${address}/`
