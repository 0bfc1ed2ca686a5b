import { type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'
import { AlertError } from '../errors.ts'
import type { TlsSettings } from './tls.ts'

/** Bytes of an answer; a token has some thousand. */
const LONGEST_ANSWER = 256 * 1024
/** These have no body, says `Response`. */
const BODILESS = [204, 205, 304]

export interface PostRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly signal: AbortSignal
}

/**
 * One POST over a connection of its own, which is gone when it resolves. Other than the platform's `fetch` it trusts the authorities it is
 * given, follows nothing and reads a bounded answer. Rejects with an AlertError, or when the signal aborts.
 *
 * @param tls for an `https:` URL
 */
export async function httpPost(url: URL, { headers, body, signal }: PostRequest, tls: TlsSettings): Promise<Response> {
  const answer = await answerTo(url, { headers, body, signal }, tls)
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > LONGEST_ANSWER) throw new AlertError('ALERT_PROTOCOL', `the answer has more than ${LONGEST_ANSWER} bytes`)
    chunks.push(chunk)
  }
  const { statusCode: status = 0 } = answer
  if (status < 200 || status > 599) throw new AlertError('ALERT_PROTOCOL', `the answer has the HTTP status ${status}`)
  return new Response(BODILESS.includes(status) ? null : new Uint8Array(Buffer.concat(chunks)), { status, headers: headersOf(answer) })
}

function answerTo(url: URL, { headers, body, signal }: PostRequest, tls: TlsSettings): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const common = { method: 'POST', headers: { ...headers, 'content-length': Buffer.byteLength(body) }, agent: false, signal } as const
    const request = url.protocol === 'https:' ? requestSecure(url, { ...common, ...tls }) : requestPlain(url, common)
    request.once('response', resolve)
    request.on('error', reject)
    request.end(body)
  })
}

/** Those that tell what the body is. */
function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const type = headers['content-type']
  return type === undefined ? {} : { 'content-type': type }
}
