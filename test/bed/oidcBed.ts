import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Access } from './bedClient.ts'
import { issueCertificate, makeAuthority } from './certificates.ts'
import { type KafkaBed, startKafka } from './kafka.ts'
import { AUDIENCE, OidcServer } from './oidcServer.ts'

/** The user that the provider knows, and may be granted rights at the broker. */
export const USER = 'alice'
/** With characters that an encoding would change. */
export const SECRET = 'client+secret/=%25 é'

/** A broker with a listener for bearer tokens, and the OpenID Connect provider whose tokens it takes. */
export class OidcBed implements AsyncDisposable {
  readonly kafka: KafkaBed
  readonly oidc: OidcServer
  /** The authorities of the broker and of the provider. */
  readonly caFile: string
  readonly #directory: string

  private constructor(kafka: KafkaBed, oidc: OidcServer, directory: string, caFile: string) {
    this.kafka = kafka
    this.oidc = oidc
    this.#directory = directory
    this.caFile = caFile
  }

  /** @param lifetime of a token, ms */
  static async start(lifetime: number): Promise<OidcBed> {
    const directory = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-oidc-'))
    const authority = await makeAuthority(directory, 'provider-ca')
    const files = await issueCertificate(directory, 'provider', authority, ['DNS:localhost', 'IP:127.0.0.1'])
    const tls = { cert: await readFile(files.certificate, 'utf8'), key: await readFile(files.key, 'utf8') }
    const oidc = await OidcServer.start({ clients: { [USER]: SECRET }, lifetime, tls })
    const kafka = await startKafka({ issuer: { issuer: oidc.issuer, audience: AUDIENCE, jwksUrl: oidc.jwksUrl } })
    const caFile = join(directory, 'both.pem')
    await writeFile(caFile, kafka.ca + (await readFile(authority.certificate, 'utf8')))
    return new OidcBed(kafka, oidc, directory, caFile)
  }

  /** 'host:port' of the listener. */
  get server(): string {
    return this.kafka.brokers[0]?.bearer ?? ''
  }

  /** The way of a peer, by the token endpoint. */
  get access(): Access {
    const { server, caFile, oidc } = this
    return {
      server,
      protocol: 'SASL_SSL',
      mechanism: 'OAUTHBEARER',
      username: USER,
      password: SECRET,
      caFile,
      tokenEndpoint: oidc.tokenEndpoint,
    }
  }

  /** Makes a topic that the user may read, write and describe. */
  async topic(name: string): Promise<string> {
    await this.kafka.createTopic(name)
    await this.kafka.grant(USER, 'topic', name, ['read', 'write', 'describe'])
    return name
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.kafka.close(), this.oidc.close()])
    await rm(this.#directory, { recursive: true, force: true })
  }
}
