import { fromBase64, toBase64 } from '../base64.ts'
import { AlertError } from '../errors.ts'

export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

export interface ScramCredential {
  readonly mechanism: ScramMechanism
  readonly username: string
  readonly password: string
}

type Bytes = Uint8Array<ArrayBuffer>

const HASHES = {
  'SCRAM-SHA-256': { name: 'SHA-256', bits: 256 },
  'SCRAM-SHA-512': { name: 'SHA-512', bits: 512 },
} as const satisfies Record<ScramMechanism, object>

/** RFC 7677 asks for no fewer; a hostile server could have us hash for minutes. */
const ITERATIONS = { least: 4096, most: 1_000_000 }
/** No channel binding: base64 of `n,,`. */
const NO_BINDING = 'biws'

const encode = (text: string): Bytes => new TextEncoder().encode(text)

/** The client's half of one SCRAM exchange (RFC 5802, RFC 7677), without channel binding. */
export class ScramClient {
  readonly #credential: ScramCredential
  readonly #nonce: string
  readonly #firstBare: string
  #serverSignature: ((signature: Bytes) => Promise<boolean>) | undefined

  /** @param nonce printable ASCII without a comma, never used before */
  constructor(credential: ScramCredential, nonce: string = newNonce()) {
    this.#credential = credential
    this.#nonce = nonce
    this.#firstBare = `n=${escapeName(prepared(credential.username))},r=${nonce}`
  }

  /** The client-first-message. */
  get first(): string {
    return `n,,${this.#firstBare}`
  }

  /** The client-final-message that answers the server-first-message. @throws AlertError ALERT_PROTOCOL */
  async final(serverFirst: string): Promise<string> {
    const { nonce, salt, iterations } = readServerFirst(serverFirst, this.#nonce)
    const { mechanism, password } = this.#credential
    const hash = HASHES[mechanism]
    const withoutProof = `c=${NO_BINDING},r=${nonce}`
    const signed = encode(`${this.#firstBare},${serverFirst},${withoutProof}`)

    const secret = await crypto.subtle.importKey('raw', encode(prepared(password)), 'PBKDF2', false, ['deriveBits'])
    const salted = await hmacKey(
      new Uint8Array(await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: hash.name, salt, iterations }, secret, hash.bits)),
      hash.name,
    )
    const clientKey = await hmac(salted, encode('Client Key'))
    const storedKey = new Uint8Array(await crypto.subtle.digest(hash.name, clientKey))
    const proof = xor(clientKey, await hmac(await hmacKey(storedKey, hash.name), signed))
    const serverKey = await hmacKey(await hmac(salted, encode('Server Key')), hash.name)
    // In constant time: the platform's own comparison.
    this.#serverSignature = signature => crypto.subtle.verify('HMAC', serverKey, signature, signed)
    return `${withoutProof},p=${toBase64(proof)}`
  }

  /** Whether the server-final-message proves that the server knows the password too. */
  async accepts(serverFinal: string): Promise<boolean> {
    const signature = /^v=([^,]+)/.exec(serverFinal)?.[1]
    const bytes = signature === undefined ? undefined : decoded(signature)
    return bytes !== undefined && (await this.#serverSignature?.(bytes)) === true
  }
}

interface ServerFirst {
  readonly nonce: string
  readonly salt: Bytes
  readonly iterations: number
}

const SERVER_FIRST = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=([1-9]\d{0,8})(?:,.*)?$/s

function readServerFirst(text: string, ownNonce: string): ServerFirst {
  const [, nonce, saltText, iterationText] = SERVER_FIRST.exec(text) ?? []
  const salt = saltText === undefined ? undefined : decoded(saltText)
  if (nonce === undefined || salt === undefined) throw broken('its first message is not r=...,s=...,i=...')
  if (!nonce.startsWith(ownNonce) || nonce === ownNonce) throw broken('its nonce does not go on from ours')
  const iterations = Number(iterationText)
  if (iterations < ITERATIONS.least || iterations > ITERATIONS.most) {
    throw broken(`it asks for ${iterations} iterations, expected ${ITERATIONS.least} to ${ITERATIONS.most}`)
  }
  return { nonce, salt, iterations }
}

const broken = (what: string): AlertError => new AlertError('ALERT_PROTOCOL', `the server's half of SCRAM is wrong: ${what}`)

function decoded(base64: string): Bytes | undefined {
  try {
    return new Uint8Array(fromBase64(base64))
  } catch {
    return undefined
  }
}

/** 43 characters, as hop's. */
function newNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/** The mapping half of SASLprep (RFC 4013), as the peer's library does it; what it forbids, the server refuses. */
function prepared(text: string): string {
  return text
    .replace(/\u00ad|\u034f|\u1806|[\u180b-\u180d]|[\u200b-\u200d]|\u2060|[\ufe00-\ufe0f]|\ufeff/g, '')
    .replace(/[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g, ' ')
    .normalize('NFKC')
}

const escapeName = (name: string): string => name.replaceAll('=', '=3D').replaceAll(',', '=2C')

type Key = Parameters<typeof crypto.subtle.sign>[1]

const hmacKey = (key: Bytes, hash: string): Promise<Key> =>
  crypto.subtle.importKey('raw', key, { name: 'HMAC', hash }, false, ['sign', 'verify'])

const hmac = async (key: Key, data: Bytes): Promise<Bytes> => new Uint8Array(await crypto.subtle.sign('HMAC', key, data))

const xor = (a: Bytes, b: Bytes): Bytes => a.map((byte, i) => byte ^ b[i]!)
