import { isStreamed, type Outcome, type Streamed } from './outcome.ts'
import type { BridgeRequest } from './request.ts'

/** What a fetch-style host knows beside the request. */
export interface FetchInfo {
  /** Where the request comes from. Without it `maxClientsPerAddress` counts nothing. */
  readonly address?: string | undefined
  /** The path that the bridge is mounted at. @default the root */
  readonly mount?: string | undefined
}

export function fromFetch({ method, url, headers }: Request, { address, mount = '' }: FetchInfo): BridgeRequest {
  const { pathname, searchParams, protocol, host } = new URL(url)
  return {
    method,
    path: pathname.startsWith(mount) ? pathname.slice(mount.length) || '/' : pathname,
    fullPath: pathname,
    query: searchParams,
    // Of HTTP/2 the host is in the URL alone.
    header: name => headers.get(name) ?? (name === 'host' ? host : undefined),
    address,
    isSecure: protocol === 'https:',
  }
}

/** Events are handed over in pieces of about so many bytes. */
const PIECE = 64 * 1024

export function toResponse(outcome: Outcome): Response {
  if (!isStreamed(outcome)) {
    const { status, headers, body } = outcome
    return new Response(status === 204 || status === 304 ? null : body, { status, headers })
  }
  return new Response(bodyOf(outcome), { status: 200, headers: outcome.headers })
}

/** Pulled: the host asks for more when its connection takes more. */
function bodyOf({ session, onClose }: Streamed): ReadableStream<Uint8Array> {
  let isClosed = false
  const close = (): void => {
    if (!isClosed) onClose()
    isClosed = true
  }
  return new ReadableStream<Uint8Array>({
    start(controller) {
      session.onAbandon(() => {
        controller.error(new Error('the client takes nothing any more'))
        close()
      })
    },
    async pull(controller) {
      let events = session.take(PIECE)
      while (events.length === 0 && !isClosed) {
        await new Promise<void>(resolve => session.onReadable(resolve))
        events = session.take(PIECE)
      }
      for (const event of events) controller.enqueue(event)
      if (!session.isOver || isClosed) return
      controller.close()
      close()
    },
    cancel: close,
  })
}
