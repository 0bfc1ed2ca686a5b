/*
 * The only place that types kafkajs's internals, which it does not. Written for version 2.2.4 exactly: kafkajs.ts checks it at load.
 */

declare module 'kafkajs/src/protocol/requests/index.js' {
  import type { Message } from './apis.ts'

  type Protocol = (args: object) => Message<unknown>
  const internals: { readonly requests: Readonly<Record<string, { protocol(of: { readonly version: number }): Protocol } | undefined>> }
  export default internals
}

declare module 'kafkajs/src/broker/saslAuthenticator/index.js' {
  import type { Message } from './apis.ts'

  interface Log {
    debug(message: string, extra?: object): void
    info(message: string, extra?: object): void
    warn(message: string, extra?: object): void
    error(message: string, extra?: object): void
    namespace(name: string): Log
  }
  /** One message of the exchange, in the bytes of Kafka's protocol: a length of four bytes, then as many. */
  interface SaslStep {
    readonly request: { encode(): Promise<Buffer> }
    readonly response: { decode(answer: Buffer): Promise<Buffer>; parse(answer: Buffer): Promise<Buffer> }
  }
  /** kafkajs's way in for mechanisms of one's own. */
  type AuthenticationProvider = (peer: { saslAuthenticate(step: SaslStep): Promise<Buffer> }) => { authenticate(): Promise<void> }
  /** What it needs of a connection; without an `authenticationProvider` it writes its own into `sasl`. */
  interface AuthenticatedConnection {
    readonly host: string
    readonly port: number
    readonly sasl:
      | { mechanism: string; username: string; password: string }
      | { mechanism: string; authenticationProvider: AuthenticationProvider }
    send(message: Message<unknown>): Promise<unknown>
  }
  type Offered = Readonly<Record<number, { readonly minVersion: number; readonly maxVersion: number }>>
  /** `authenticate()` rejects with the text of what went wrong alone; `sessionLifetime`: ms as text, '0' is for ever. */
  class SASLAuthenticator {
    constructor(connection: AuthenticatedConnection, logger: Log, versions: Offered, supportAuthenticationProtocol: boolean)
    readonly sessionLifetime: string
    authenticate(): Promise<void>
  }

  export type { AuthenticationProvider }
  export default SASLAuthenticator
}
