import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ConfigError } from '../../errors.ts'
import type { Bridge } from './createBridge.ts'

export interface ServeOptions {
  /** 0: any that is free. @default 8080 */
  readonly port?: number | undefined
  /** The address to listen at. @default '127.0.0.1', this machine alone */
  readonly host?: string | undefined
}

export interface BridgeServer {
  /** Where it listens: http://host:port */
  readonly url: string
  /** Closes the bridge, and then the server. */
  close(): Promise<void>
}

/** A request, its headers and its body, has to be there in this time, ms: who sends a byte now and then holds no place. */
const REQUEST_TIMEOUT = 10_000
/** How long clients may take for their goodbye, ms. */
const GOODBYE = 500

/**
 * A server of its own for a bridge. Plain HTTP: put a proxy with TLS before it where it is reached from elsewhere.
 *
 * @throws ConfigError when it cannot listen there
 */
export async function serveBridge(bridge: Bridge, { port = 8080, host = '127.0.0.1' }: ServeOptions = {}): Promise<BridgeServer> {
  const server = createServer(
    {
      headersTimeout: REQUEST_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      connectionsCheckingInterval: REQUEST_TIMEOUT / 4,
      keepAliveTimeout: 5_000,
      maxHeaderSize: 16 * 1024,
    },
    (req, res) => void bridge.node(req, res),
  )
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
