import { AlertError } from '../errors.ts'
import type { Credential } from '../transports/transport.ts'
import { refusalOf, troubleOf } from './answers.ts'
import { askAs } from './authentication.ts'
import { readBody } from './body.ts'
import { Transient } from './Transient.ts'
import type { Target } from './target.ts'

export interface DownloadOptions {
  readonly credential: Credential | undefined
  /** Bytes of the answer. */
  readonly limit: number
  readonly signal: AbortSignal
}

/**
 * One try to get what is there, following no redirect.
 *
 * @throws AlertError what no other try makes better; Transient what one may; whatever, once the signal is aborted
 */
export async function download(target: Target, options: DownloadOptions): Promise<Uint8Array> {
  try {
    return await answerOf(target, options)
  } catch (thrown) {
    throw thrown instanceof AlertError || thrown instanceof Transient ? thrown : troubleOf(thrown, target.shown)
  }
}

async function answerOf({ url, shown }: Target, { credential, limit, signal }: DownloadOptions): Promise<Uint8Array> {
  const ask = (authorization: string | undefined): Promise<Response> =>
    fetch(url, { headers: authorization === undefined ? {} : { authorization }, redirect: 'manual', credentials: 'omit', signal })
  const answer = await askAs(credential, ask, url.origin)
  const refusal = refusalOf(answer, shown)
  if (refusal === undefined) return readBody(answer, limit, shown)
  await answer.body?.cancel()
  throw refusal
}
