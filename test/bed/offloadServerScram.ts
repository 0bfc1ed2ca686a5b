import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto'

export type ScramName = 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

const HASHES = { 'SCRAM-SHA-256': { name: 'sha256', bytes: 32 }, 'SCRAM-SHA-512': { name: 'sha512', bytes: 64 } } as const

/** What the server says to a header `Authorization`. */
export type ScramAnswer =
  | { readonly type: 'challenge'; readonly header: string }
  | { readonly type: 'refused' }
  | { readonly type: 'proved'; readonly info: string }

/** What a dishonest server says instead. */
export interface ScramLies {
  /** Of the server-first-message. */
  readonly first?: ((message: string) => string) | undefined
  /** Of the server-final-message. */
  readonly final?: ((message: string) => string) | undefined
  /** Of the header `Authentication-Info`. */
  readonly info?: ((header: string) => string) | undefined
}

interface Session {
  readonly mechanism: ScramName
  readonly password: string
  readonly salt: Buffer
  readonly firstBare: string
  readonly serverFirst: string
  readonly lies: ScramLies
}

/** The server's half of hop's SCRAM over HTTP, with Node's own cryptography. */
export class ScramServer {
  readonly #passwords: Readonly<Record<string, string>>
  readonly #iterations: number
  readonly #sessions = new Map<string, Session>()
  /** Told in the next exchange, once. */
  lies: ScramLies = {}

  constructor(passwords: Readonly<Record<string, string>>, iterations: number) {
    this.#passwords = passwords
    this.#iterations = iterations
  }

  answer(authorization: string): ScramAnswer {
    const [, mechanism, sid, data] = /^(SCRAM-SHA-(?:256|512)) (?:sid=([^,]+),)?data=(.+)$/.exec(authorization) ?? []
    if (mechanism === undefined || data === undefined) return { type: 'refused' }
    const message = Buffer.from(data, 'base64').toString()
    return sid === undefined ? this.#challenge(mechanism as ScramName, message) : this.#verify(sid, message)
  }

  #challenge(mechanism: ScramName, message: string): ScramAnswer {
    const [, firstBare, name, nonce] = /^n,,(n=([^,]*),r=([^,]+))$/.exec(message) ?? []
    const password = this.#passwords[(name ?? '').replaceAll('=2C', ',').replaceAll('=3D', '=')]
    if (firstBare === undefined || password === undefined) return { type: 'refused' }
    const salt = randomBytes(32)
    const { lies } = this
    this.lies = {}
    const { first = (text: string) => text } = lies
    const serverFirst = first(`r=${nonce}${randomBytes(16).toString('hex')},s=${salt.toString('base64')},i=${this.#iterations}`)
    const sid = randomBytes(6).toString('hex')
    this.#sessions.set(sid, { mechanism, password, salt, firstBare, serverFirst, lies })
    return { type: 'challenge', header: `${mechanism} sid=${sid},data=${Buffer.from(serverFirst).toString('base64')}` }
  }

  #verify(sid: string, message: string): ScramAnswer {
    const session = this.#sessions.get(sid)
    this.#sessions.delete(sid)
    const [, withoutProof, proof] = /^(c=biws,r=[^,]+),p=(.+)$/.exec(message) ?? []
    if (!session || withoutProof === undefined || proof === undefined) return { type: 'refused' }
    const { mechanism, password, salt, firstBare, serverFirst, lies } = session
    const { name, bytes } = HASHES[mechanism]
    const hmac = (key: Buffer, text: string): Buffer => createHmac(name, key).update(text).digest()
    const salted = pbkdf2Sync(password.normalize('NFKC'), salt, this.#iterations, bytes, name)
    const signed = `${firstBare},${serverFirst},${withoutProof}`
    const clientKey = hmac(salted, 'Client Key')
    const signature = hmac(createHash(name).update(clientKey).digest(), signed)
    const expected = Buffer.from(clientKey.map((byte, i) => byte ^ signature[i]!))
    const given = Buffer.from(proof, 'base64')
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return { type: 'refused' }
    const { final = (text: string) => text, info = (header: string) => header } = lies
    const serverFinal = final(`v=${hmac(hmac(salted, 'Server Key'), signed).toString('base64')}`)
    return { type: 'proved', info: info(`sid=${sid},data=${Buffer.from(serverFinal).toString('base64')}`) }
  }
}
