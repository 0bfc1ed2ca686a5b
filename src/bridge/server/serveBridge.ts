import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ConfigError } from '../../errors.ts'
import type { Bridge } from './createBridge.ts'
import { refuseMalformed } from './security/malformed.ts'

/** Where `serveBridge` listens. */
export interface ServeOptions {
  /** 0: any that is free. @default 8080 */
  readonly port?: number | undefined
  /** The address to listen at. @default '127.0.0.1', this machine alone */
  readonly host?: string | undefined
  /**
   * In this time a request has to be there whole, ms: who sends a byte of its headers now and then holds no place. @default 10_000
   */
  readonly requestTimeout?: number | undefined
  /** Connections at a time, those without a request too; further ones are cut. @default 20_000 */
  readonly maxConnections?: number | undefined
}

/** A server that runs. */
export interface BridgeServer {
  /** Where it listens: http://host:port */
  readonly url: string
  /** Closes the bridge, and then the server. */
  close(): Promise<void>
}

/** How long clients may take for their goodbye, ms. */
const GOODBYE = 500

/**
 * A server of its own for a bridge. Plain HTTP: put a proxy with TLS before it where it is reached from elsewhere.
 *
 * @throws ConfigError when it cannot listen there
 */
export async function serveBridge(bridge: Bridge, options: ServeOptions = {}): Promise<BridgeServer> {
  const { port = 8080, host = '127.0.0.1', requestTimeout = 10_000, maxConnections = 20_000 } = options
  const server = createServer(
    {
      headersTimeout: requestTimeout,
      requestTimeout,
      connectionsCheckingInterval: requestTimeout / 4,
      keepAliveTimeout: 5_000,
      maxHeaderSize: 16 * 1024,
    },
    (req, res) => void bridge.node(req, res),
  )
  server.maxConnections = maxConnections
  server.on('drop', () => bridge.countRefusal('connections'))
  refuseMalformed(server, bridge)
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new ConfigError(`cannot listen at ${host}:${port}: ${error.code ?? error.message}`, {
          mend: 'Choose another port, or stop what has it',
          cause: error,
        }),
      ),
    )
    server.listen(port, host, resolve)
  })
  const { port: actual } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    async close() {
      const closed = new Promise(resolve => server.close(resolve))
      await bridge.close()
      const late = setTimeout(() => server.closeAllConnections(), GOODBYE)
      server.closeIdleConnections()
      await closed
      clearTimeout(late)
    },
  }
}
