import type { IncomingMessage, ServerResponse } from 'node:http'
import { isStreamed, type Outcome, type Streamed } from './outcome.ts'
import { type Answer, type BridgeRequest, Refusal } from './request.ts'

/** node:http's; Express's is one: it keeps the whole address in `originalUrl`. */
export type NodeRequest = IncomingMessage & { readonly originalUrl?: string | undefined }
/** node:http's; Express's is one. */
export type NodeResponse = ServerResponse

/** A stream is written in pieces of about so many bytes. */
const PIECE = 64 * 1024

/** An answer of which nothing is taken for so long is dropped, ms. */
const TAKE_TIMEOUT = 30_000

/** @throws Refusal 400 */
export function requestOf(req: NodeRequest): BridgeRequest {
  // Express takes the mount off `url`. The path is looked at as it came: nothing in it is resolved or decoded.
  const [path = '', query] = splitOnce(req.url ?? '/', '?')
  if (!path.startsWith('/')) throw new Refusal(400, 'request', 'a request here names a path: GET /stream')
  if ((req.headersDistinct['host']?.length ?? 0) > 1) throw new Refusal(400, 'request', 'the request names several hosts')
  const header = (name: string): string | undefined => {
    const value = req.headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }
  return {
    method: req.method ?? 'GET',
    path,
    fullPath: splitOnce(req.originalUrl ?? path, '?')[0],
    query: new URLSearchParams(query),
    header,
    address: req.socket.remoteAddress,
    isSecure: 'encrypted' in req.socket,
  }
}

function splitOnce(text: string, at: string): readonly [string, string] {
  const index = text.indexOf(at)
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)]
}

export function respond(outcome: Outcome, req: NodeRequest, res: NodeResponse): void {
  if (!isStreamed(outcome)) {
    answer(outcome, req, res)
    return
  }
  if (res.destroyed) outcome.onClose()
  else stream(outcome, req, res)
}

function answer({ status, headers, body }: Answer, req: NodeRequest, res: NodeResponse): void {
  res.setTimeout(TAKE_TIMEOUT, () => res.destroy())
  // A body that was sent all the same is not read to its end.
  res.writeHead(status, hasBody(req) ? { ...headers, connection: 'close' } : headers)
  res.end(req.method === 'HEAD' ? undefined : body)
}

const hasBody = ({ headers }: NodeRequest): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/** Writes what the connection takes, and no more. */
function stream({ session, headers, onClose }: Streamed, req: NodeRequest, res: NodeResponse): void {
  res.on('close', onClose)
  session.onAbandon(() => res.destroy())
  // A silent stream is no dead one, whatever the host thinks of its other answers.
  res.setTimeout(0)
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
