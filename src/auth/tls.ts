import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { ConfigError } from '../errors.ts'
import { requireText } from './entry.ts'

/** Text of certificates or keys, `-----BEGIN ...`. */
export type Pem = string | Uint8Array

/** Details of TLS. Certificates are always checked; there is no way to turn that off. */
export interface TlsOptions {
  /**
   * Certificate authorities, or the server's own self-signed certificate, as PEM: these are trusted, no others. It takes the place of the
   * `ssl_ca_location` of an auth.toml. @default Node's own roots, with those of NODE_EXTRA_CA_CERTS
   */
  readonly ca?: Pem | readonly Pem[] | undefined
  /** The name that the certificates of *all* brokers bear, where they are reached by others (a tunnel). @default each broker's host */
  readonly servername?: string | undefined
  /** Our own certificate and its key as PEM, for a server that asks for one. */
  readonly cert?: Pem | undefined
  readonly key?: Pem | undefined
  readonly passphrase?: string | undefined
}

/** Fits `tls.connect`. The context holds certificates and key, out of sight, and is shared by all connections. */
export interface TlsSettings {
  readonly secureContext: SecureContext
  /** Said outright, so that NODE_TLS_REJECT_UNAUTHORIZED does not change it. */
  readonly rejectUnauthorized: true
  readonly servername?: string
}

const FIELDS: readonly (keyof TlsOptions)[] = ['ca', 'servername', 'cert', 'key', 'passphrase']
const UNCHECKED = ['rejectUnauthorized', 'checkServerIdentity']

/** @throws ConfigError for anything that could be said at the first connection only */
export function checkTls(tls: boolean | TlsOptions | undefined): void {
  if (tls === undefined || typeof tls === 'boolean') return
  if (typeof tls !== 'object' || tls === null) throw new ConfigError('tls must be true, false or { ca, servername, cert, key, passphrase }')
  for (const key of Object.keys(tls)) {
    if (FIELDS.some(field => field === key)) continue
    if (UNCHECKED.includes(key)) {
      throw new ConfigError(`tls.${key}: the check of certificates cannot be turned off or replaced`, {
        mend: 'Trust the certificate by `tls.ca`, and name the host that it bears by `tls.servername`',
      })
    }
    throw new ConfigError(`tls has an unknown field '${key}'`, { mend: `The fields are ${FIELDS.join(', ')}` })
  }
  const { servername } = tls
  if (servername !== undefined) requireText(servername, 'tls.servername')
  if (servername !== undefined && isIP(servername)) throw new ConfigError('tls.servername must be a name, got an IP address')
  if ((tls.cert === undefined) !== (tls.key === undefined)) throw new ConfigError('tls.cert and tls.key belong together, got one of them')
  createContext(tls, undefined)
}

/** @param caFile the credential's; `tls.ca` goes before it */
export async function createTls(tls: boolean | TlsOptions | undefined, caFile: string | undefined): Promise<TlsSettings> {
  const options = typeof tls === 'object' ? tls : {}
  const ca = caFile !== undefined && options.ca === undefined ? await readCa(caFile) : undefined
  const { servername } = options
  return { secureContext: createContext(options, ca), rejectUnauthorized: true, ...(servername !== undefined && { servername }) }
}

function createContext({ ca, cert, key, passphrase }: TlsOptions, fromFile: string | undefined): SecureContext {
  const trusted = ca === undefined ? fromFile : caText(ca)
  const own = cert !== undefined && key !== undefined ? ownCertificate(textOf(cert, 'tls.cert'), textOf(key, 'tls.key'), passphrase) : {}
  return createSecureContext({ ...(trusted !== undefined && { ca: trusted }), ...own })
}

/** Looked at here, since OpenSSL takes a key of another kind than the certificate's without a word. */
function ownCertificate(cert: string, key: string, passphrase: string | undefined): SecureContextOptions {
  const mend = 'Give both as PEM text, the certificate of that key first, and the passphrase if the key has one'
  let fits: boolean
  try {
    fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey({ key, passphrase }))
  } catch (error) {
    throw new ConfigError(`tls.cert or tls.key cannot be read: ${(error as NodeJS.ErrnoException).code}`, { mend })
  }
  if (!fits) throw new ConfigError("tls.key is not the key of tls.cert's first certificate", { mend })
  return { cert, key, ...(passphrase !== undefined && { passphrase }) }
}

function caText(ca: Pem | readonly Pem[]): string {
  const pems = typeof ca === 'string' || ca instanceof Uint8Array ? [ca] : ca
  if (!Array.isArray(pems)) throw new ConfigError(`tls.ca must be PEM text, bytes or a list of them, got ${typeof pems}`)
  const text = pems.map(pem => textOf(pem, 'tls.ca')).join('\n')
  if (hasCertificate(text)) return text
  throw new ConfigError(`tls.ca ${NO_CERTIFICATE}`, { mend: 'Give the text itself, e.g. readFileSync(path), not its path' })
}

function textOf(pem: Pem, name: string): string {
  if (typeof pem === 'string') return pem
  if (pem instanceof Uint8Array) return new TextDecoder().decode(pem)
  throw new ConfigError(`${name} must be PEM text or bytes, got ${typeof pem}`)
}

const NO_CERTIFICATE = 'holds no certificate that can be read in PEM form (-----BEGIN CERTIFICATE-----)'

/** Node takes any text, trusts nothing by it and says so at the first connection only. */
function hasCertificate(text: string): boolean {
  return (text.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? []).some(isCertificate)
}

function isCertificate(block: string): boolean {
  try {
    return new X509Certificate(block).subject !== undefined
  } catch {
    return false
  }
}

async function readCa(path: string): Promise<string> {
  const mend = "Correct ssl_ca_location in auth.toml (caFile in code), or leave it out to trust Node's own roots"
  const text = await readPem(path).catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'does not exist' : `cannot be read: ${error.code}`
    throw new ConfigError(`the file of certificate authorities ${error.path ?? path} ${why}`, { mend, cause: error })
  })
  if (hasCertificate(text)) return text
  throw new ConfigError(`${path} ${NO_CERTIFICATE}`, { mend })
}

const readPem = async (path: string): Promise<string> => ((await stat(path)).isDirectory() ? readHashed(path) : readFile(path, 'utf8'))

/** As OpenSSL reads a directory: the names that `openssl rehash` gives. */
async function readHashed(directory: string): Promise<string> {
  const names = (await readdir(directory)).filter(name => /^[0-9a-f]{8}\.\d+$/.test(name))
  return (await Promise.all(names.map(name => readFile(join(directory, name), 'utf8')))).join('\n')
}
