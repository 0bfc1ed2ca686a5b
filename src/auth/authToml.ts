import { parse, TomlError } from 'smol-toml'
import { ConfigError } from '../errors.ts'
import { type AuthEntry, type Mechanism, parseMechanism } from './entry.ts'
import { hideCommand, hideEndpoint, hidePassword, type Proof } from './proof.ts'

type Table = Readonly<Record<string, unknown>>

/**
 * The credentials in the text of hop's auth.toml: `[[auth]]` tables, one `[auth]` table or an inline array; undefined without an `auth` key.
 * Unknown keys are ignored. No error quotes a value or a line: either may hold the password.
 *
 * @param file its name in errors
 */
export function parseAuthToml(text: string, file: string): readonly AuthEntry[] | undefined {
  const { auth } = parseToml(text, file)
  if (auth === undefined) return undefined
  const tables: readonly unknown[] = Array.isArray(auth) ? auth : [auth]
  return tables.map((table, index) => {
    const where = `${file}: ${Array.isArray(auth) ? `[[auth]] number ${index + 1}` : '[auth]'}`
    if (!isTable(table)) throw new ConfigError(`${where} must be a table with username and password, got ${kindOf(table)}`)
    return entryOf(table, where)
  })
}

function parseToml(text: string, file: string): Table {
  try {
    return parse(text, { integersAsBigInt: 'asNeeded' })
  } catch (error) {
    // The parser's own error, message and cause alike, quotes the lines around the fault.
    const place = error instanceof TomlError ? `: line ${error.line}, column ${error.column} is not valid TOML` : ''
    throw new ConfigError(`${file}: configuration file is not configured correctly${place}`, {
      mend: `Put texts in quotes; one with \\ or " in it, as a password may have, in single quotes: password = '...'`,
    })
  }
}

function entryOf(table: Table, where: string): AuthEntry {
  const username = requiredText(table, 'username', where)
  const password = requiredText(table, 'password', where)
  // As hop: only this text turns TLS off, every other value means SASL_SSL.
  const protocol = table['protocol'] === 'SASL_PLAINTEXT' ? 'SASL_PLAINTEXT' : 'SASL_SSL'
  // `hop auth add` writes an empty ssl_ca_location for an empty column.
  const caFile = protocol === 'SASL_SSL' ? textOf(table, 'ssl_ca_location', where) || undefined : undefined
  const mechanism = mechanismOf(table, where)
  const proof = mechanism === 'OAUTHBEARER' ? tokenProof(table, username, password, where) : hidePassword(mechanism, username, password)
  return { username, hostname: textOf(table, 'hostname', where) ?? '', protocol, caFile, mechanism, proof }
}

function mechanismOf(table: Table, where: string): Mechanism {
  const mechanism = textOf(table, 'mechanism', where)
  if (mechanism !== undefined) return parseMechanism(mechanism, where)
  return textOf(table, 'token_endpoint', where) || textOf(table, 'token_command', where) !== undefined ? 'OAUTHBEARER' : 'SCRAM-SHA-512'
}

/** As hop: the endpoint goes before the command, and neither is a fault of this entry alone, said when it is to be used. */
function tokenProof(table: Table, username: string, password: string, where: string): Proof | undefined {
  const endpoint = textOf(table, 'token_endpoint', where)
  if (endpoint) return hideEndpoint(endpoint, username, password)
  const command = textOf(table, 'token_command', where)
  return command === undefined ? undefined : hideCommand(command, username || undefined)
}

function requiredText(table: Table, key: string, where: string): string {
  const text = textOf(table, key, where)
  if (text !== undefined) return text
  throw new ConfigError(`${where}: configuration file is not configured correctly: missing auth property '${key}'`, {
    mend: `Add the line ${key} = '...'`,
  })
}

function textOf(table: Table, key: string, where: string): string | undefined {
  const value = table[key]
  if (value === undefined || typeof value === 'string') return value
  throw new ConfigError(`${where}: ${key} must be text, got ${kindOf(value)}`, { mend: `Put it in quotes: ${key} = '...'` })
}

const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (value instanceof Date) return 'a date'
  return typeof value === 'object' ? 'a table' : `a ${typeof value}`
}
