import { randomBytes } from 'node:crypto'
import type { SASLOptions } from 'kafkajs'
import { KafkaAdmin } from './admin.ts'
import type { BrokerAddresses } from './listeners.ts'
import { until } from './run.ts'
import { setScramPassword } from './scram.ts'

/** A cluster's addresses and secrets: plain data, so that another process can use the cluster. */
export interface BedData {
  readonly brokers: readonly BrokerAddresses[]
  /** Passwords by user: admin (may do everything), alice, bob. */
  readonly users: Readonly<Record<string, string>>
  /** PEM file and text of the authority that signed the brokers' certificates. */
  readonly caFile: string
  readonly ca: string
  /** PEM file and text of an authority that signed nothing. */
  readonly otherCaFile: string
  readonly otherCa: string
}

/** How a peer reaches a cluster; what every Python program takes. */
export interface Access {
  readonly server: string
  readonly protocol: 'PLAINTEXT' | 'SASL_PLAINTEXT' | 'SASL_SSL'
  readonly mechanism?: 'SCRAM-SHA-512' | 'SCRAM-SHA-256' | 'PLAIN' | 'OAUTHBEARER' | undefined
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly caFile?: string | undefined
  /** For OAUTHBEARER one of these; only hop and igwn-alert know a command. */
  readonly tokenEndpoint?: string | undefined
  readonly tokenCommand?: string | undefined
}

/** The test bed's cluster as a test sees it: addresses, secrets, and administration. */
export class BedClient extends KafkaAdmin {
  readonly data: BedData
  readonly #passwords: Record<string, string>

  constructor(data: BedData) {
    super(data.brokers.map(({ plaintext }) => plaintext))
    this.data = data
    this.#passwords = { ...data.users }
  }

  get brokers(): readonly BrokerAddresses[] {
    return this.data.brokers
  }

  /** Passwords by user, as `setPassword` last set them. */
  get users(): Readonly<Record<string, string>> {
    return this.#passwords
  }

  get caFile(): string {
    return this.data.caFile
  }

  get ca(): string {
    return this.data.ca
  }

  get otherCaFile(): string {
    return this.data.otherCaFile
  }

  get otherCa(): string {
    return this.data.otherCa
  }

  /** The way of a user over TLS and SCRAM-SHA-512, or, without a user, over the plain port. */
  access(user?: string): Access {
    const broker = this.brokers[this.administrable()[0] ?? 0]!
    if (user === undefined) return { server: broker.plaintext, protocol: 'PLAINTEXT' }
    const password = this.users[user]
    if (password === undefined) throw new Error(`the bed has no user ${user}; it has ${Object.keys(this.users).join(', ')}`)
    return { server: broker.saslSsl, protocol: 'SASL_SSL', mechanism: 'SCRAM-SHA-512', username: user, password, caFile: this.caFile }
  }

  /**
   * Sets a user's SCRAM password (a new name makes a user); resolves when every running broker takes it. The passwords of the mechanism
   * PLAIN are fixed. A shared bed's other clients are not told.
   */
  async setPassword(user: string, password: string): Promise<void> {
    await setScramPassword(this.anyAddress(), user, password)
    this.#passwords[user] = password
    for (const n of this.administrable()) {
      for (const mechanism of ['scram-sha-512', 'scram-sha-256'] as const) {
        const { saslPlaintext } = this.brokers[n]!
        const sasl = { mechanism, username: user, password } as const
        await until(() => this.#logsIn(saslPlaintext, sasl), `broker ${n} does not take the new password of ${user}`)
      }
    }
  }

  /** Numbers of the brokers that can be asked. */
  protected administrable(): readonly number[] {
    return [...this.brokers.keys()]
  }

  protected override plainAddresses(): readonly string[] {
    return this.administrable().map(n => this.brokers[n]!.plaintext)
  }

  async #logsIn(address: string, sasl: SASLOptions): Promise<boolean> {
    const admin = this.kafka({ brokers: [address], sasl, retry: { retries: 0 } }).admin()
    try {
      await admin.connect()
      return true
    } catch {
      return false
    } finally {
      await admin.disconnect()
    }
  }
}

/** A name that no other test has: `prefix` and random letters. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(4).toString('hex')}`
}
