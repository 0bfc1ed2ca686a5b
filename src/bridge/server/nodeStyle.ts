import type { IncomingMessage, ServerResponse } from 'node:http'
import { isStreamed, type Outcome, type Streamed } from './outcome.ts'
import type { BridgeRequest } from './request.ts'

export type NodeRequest = IncomingMessage
export type NodeResponse = ServerResponse

/** A stream is written in pieces of about so many bytes. */
const PIECE = 64 * 1024

export function requestOf(req: NodeRequest): BridgeRequest {
  // Express takes the mount off `url`. The host is not looked at here: it may be anything.
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://bridge.invalid')
  const header = (name: string): string | undefined => {
    const value = req.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
  const isSecure = 'encrypted' in req.socket
  return { method: req.method ?? 'GET', path: pathname, query: searchParams, header, address: req.socket.remoteAddress, isSecure }
}

export function respond(outcome: Outcome, req: NodeRequest, res: NodeResponse): void {
  if (isStreamed(outcome)) {
    stream(outcome, req, res)
    return
  }
  const { status, headers, body } = outcome
  res.writeHead(status, headers)
  res.end(req.method === 'HEAD' ? undefined : body)
}

/** Writes what the connection takes, and no more. */
function stream({ session, headers, onClose }: Streamed, req: NodeRequest, res: NodeResponse): void {
  res.on('close', onClose)
  if (res.destroyed || req.method === 'HEAD') {
    res.writeHead(200, headers).end()
    onClose()
    return
  }
  session.onAbandon(() => res.destroy())
  req.socket.setNoDelay(true)
  res.writeHead(200, headers)
  const write = (): void => {
    for (;;) {
      const events = session.take(PIECE)
      let isRoom = true
      for (const event of events) isRoom = res.write(event)
      if (session.isOver) {
        res.end()
        return
      }
      if (!isRoom) {
        res.once('drain', write)
        return
      }
      if (events.length === 0) {
        session.onReadable(write)
        return
      }
    }
  }
  write()
}
