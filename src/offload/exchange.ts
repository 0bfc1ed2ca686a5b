import { fromBase64, toBase64 } from '../base64.ts'
import type { ScramMechanism } from './ScramClient.ts'

/** What a SCRAM server says in a header: whose exchange it is, and its message. */
export interface ScramHeader {
  readonly sid: string
  readonly message: string
}

const PARAMETER = /([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi
const TOKEN = /^[\w.~+/=-]{1,256}$/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Our half: the value of the header `Authorization`. */
export function authorization(mechanism: ScramMechanism, message: string, sid?: string): string {
  const data = `data=${toBase64(new TextEncoder().encode(message))}`
  return `${mechanism} ${sid === undefined ? data : `sid=${sid},${data}`}`
}

/** The server's first message, from `WWW-Authenticate`; undefined: it does not go on with that mechanism. */
export function readChallenge(header: string | null, mechanism: ScramMechanism): ScramHeader | undefined {
  const [, parameters] = new RegExp(`(?:^|[\\s,])${mechanism}\\s+(.+)$`, 'is').exec(header ?? '') ?? []
  return parameters === undefined ? undefined : readParameters(parameters)
}

/** The server's last message, from `Authentication-Info`; undefined: there is none. */
export const readInfo = (header: string | null): ScramHeader | undefined => readParameters(header ?? '')

/** Of each parameter the first: what follows may be another mechanism's challenge. */
function readParameters(text: string): ScramHeader | undefined {
  const found = new Map<string, string>()
  for (const [, name = '', quoted, plain] of text.matchAll(PARAMETER)) {
    const key = name.toLowerCase()
    if (!found.has(key)) found.set(key, plain ?? quoted?.replace(/\\(.)/gs, '$1') ?? '')
  }
  const sid = found.get('sid') ?? ''
  const message = decoded(found.get('data') ?? '')
  return TOKEN.test(sid) && message !== undefined ? { sid, message } : undefined
}

function decoded(base64: string): string | undefined {
  try {
    return base64 === '' ? undefined : utf8.decode(fromBase64(base64))
  } catch {
    return undefined
  }
}
