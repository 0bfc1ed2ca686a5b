import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Bridge } from '../createBridge.ts'
import { type Answer, Refusal } from '../request.ts'

const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: new Refusal(431, 'headers', 'the address and the headers of a request have 16 KiB'),
  ERR_HTTP_REQUEST_TIMEOUT: new Refusal(408, 'timeout', 'the request did not come in time'),
}
const MALFORMED = new Refusal(400, 'malformed', 'this is no HTTP request')

/** Answers and counts what node:http does not take for a request; its connection is cut. */
export function refuseMalformed(server: Server, bridge: Pick<Bridge, 'countRefusal'>): void {
  const answering = new WeakSet<Socket>()
  server.on('request', ({ socket }, res) => {
    answering.add(socket)
    res.on('close', () => answering.delete(socket))
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const { code = '' } = error
    // The client is gone: there is nothing to refuse.
    if (code === 'ECONNRESET' || code === 'EPIPE') {
      socket.destroy()
      return
    }
    const refusal = REFUSALS[code] ?? MALFORMED
    bridge.countRefusal(refusal.code)
    // Not into the middle of a stream.
    if (socket.writable && !answering.has(socket)) socket.write(textOf(refusal.answer))
    socket.destroy()
  })
}

function textOf({ status, headers, body }: Answer): string {
  const lines = Object.entries({ ...headers, connection: 'close', 'content-length': body.length })
  return `HTTP/1.1 ${status} Refused\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${String(body)}`
}
