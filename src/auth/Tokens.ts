import type { Clock } from '../clock.ts'
import type { TokenCredential } from '../transports/transport.ts'
import { hideToken, isSameOrigin, type TokenOrigin } from './proof.ts'
import { TokenSource } from './TokenSource.ts'
import type { TlsSettings } from './tls.ts'
import { tokenCommand } from './tokenCommand.ts'
import { tokenEndpoint } from './tokenEndpoint.ts'

export interface TokensOptions {
  readonly clock: Clock
  /** Aborts what is under way. */
  readonly signal: AbortSignal
  /** For token endpoints. */
  readonly tls: TlsSettings
}

/** How long a command may take, ms. */
const COMMAND_LIMIT = 30_000

/** The tokens of one client: whoever asks for the same one shares it. */
export class Tokens {
  readonly #options: TokensOptions
  #latest: { readonly origin: TokenOrigin; readonly source: TokenSource } | undefined

  constructor(options: TokensOptions) {
    this.#options = options
  }

  /** A token that is good now. Rejects with an AlertError that says what keeps it. */
  async credential(origin: TokenOrigin): Promise<TokenCredential> {
    // Another secret, or another endpoint, has tokens of its own.
    if (!this.#latest || !isSameOrigin(this.#latest.origin, origin)) this.#latest = { origin, source: this.#source(origin) }
    const { source } = this.#latest
    const { token, subject } = await source.get()
    const username = origin.kind === 'endpoint' ? origin.clientId : (origin.username ?? subject ?? '')
    return hideToken(username, token, () => source.refused(token))
  }

  #source(origin: TokenOrigin): TokenSource {
    const { clock, signal, tls } = this.#options
    if (origin.kind === 'command') return new TokenSource(tokenCommand(origin), { clock, signal, limit: COMMAND_LIMIT })
    return new TokenSource(tokenEndpoint(origin, tls), { clock, signal })
  }
}
