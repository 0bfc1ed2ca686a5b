import { AlertError } from '../../errors.ts'
import { kafkaError } from '../codes.ts'
import { secretsOf, withoutSecrets } from '../secrets.ts'
import type { Credential } from '../transport.ts'
import type { Address } from './address.ts'
import type { Message } from './apis.ts'
import { type OfferedVersions, saslExchange } from './kafkajs.ts'

export interface SaslChannel extends Address {
  /** As errors name it. */
  readonly address: string
  readonly offered: OfferedVersions
  /** Sends one request and gives the decoded answer. */
  exchange(message: Message<unknown>): Promise<unknown>
}

interface Refusal {
  readonly errorCode: number
  readonly errorMessage?: string | null
  readonly enabledMechanisms?: readonly string[]
}

const SASL_AUTHENTICATION_FAILED = 58

const isRefusal = (answer: unknown): answer is Refusal =>
  typeof answer === 'object' && answer !== null && 'errorCode' in answer && typeof answer.errorCode === 'number' && answer.errorCode !== 0

/**
 * Proves who we are; gives the session's lifetime in ms, 0: for ever.
 *
 * kafkajs says only in words why it failed, so the broker's answers are looked at as they pass: what the broker itself refused is one thing,
 * what broke another. Its own words and errors are never passed on whole: a server that was sent a secret could say it back.
 */
export async function authenticate(channel: SaslChannel, credential: Credential): Promise<number> {
  const { address, host, port, offered } = channel
  let challenge: string | undefined
  let refused: AlertError | undefined
  let broken: AlertError | undefined
  const send = async (message: Message<unknown>): Promise<unknown> => {
    const answer = await channel.exchange(message).catch((error: unknown) => {
      if (error instanceof AlertError) broken = error
      throw error
    })
    if (isRefusal(answer)) {
      refused = refusal(address, credential, answer, challenge)
      throw refused
    }
    return message.response.parse(answer)
  }
  const challenged = (why: string): void => {
    challenge = why
  }
  try {
    const lifetime = await saslExchange({ host, port, offered, send, refused: challenged }, credential)
    if (challenge === undefined) return lifetime
    refused = refusal(address, credential, { errorCode: SASL_AUTHENTICATION_FAILED }, challenge)
    throw refused
  } catch (error) {
    if (credential.mechanism === 'OAUTHBEARER' && refused?.kafka === 'SASL_AUTHENTICATION_FAILED') credential.refused?.()
    if (refused ?? broken) throw refused ?? broken
    const said = withoutSecrets(error instanceof Error ? error.message : String(error), secretsOf(credential))
    throw new AlertError('ALERT_PROTOCOL', `${address}: ${credential.mechanism} as ${JSON.stringify(credential.username)} failed: ${said}`)
  }
}

/** @param challenge what a server said of a bearer token before its error */
function refusal(address: string, credential: Credential, answer: Refusal, challenge: string | undefined): AlertError {
  const { mechanism, username } = credential
  const { errorCode, errorMessage, enabledMechanisms } = answer
  const offer = enabledMechanisms?.length ? `it offers ${enabledMechanisms.join(', ')}` : undefined
  const words = (challenge === undefined ? undefined : wordsOf(challenge)) ?? errorMessage ?? offer
  const said = words ? ` (${withoutSecrets(words, secretsOf(credential)).slice(0, LONGEST_SAID)})` : ''
  const isToken = mechanism === 'OAUTHBEARER' && errorCode === SASL_AUTHENTICATION_FAILED
  return kafkaError(errorCode, `${address}: ${mechanism} as ${JSON.stringify(username)}${said}`, isToken ? { mend: TOKEN_MEND } : {})
}

const TOKEN_MEND = "The broker does not take the token: check that it trusts the token's issuer, its audience and scope, and the clocks"

/** Characters of what a broker says that are passed on. */
const LONGEST_SAID = 500

/** RFC 7628, 3.2.2: a JSON object with these, all texts. Undefined: it is none. */
function wordsOf(challenge: string): string | undefined {
  try {
    const said: unknown = JSON.parse(challenge)
    if (typeof said !== 'object' || said === null) return undefined
    const texts = Object.entries(said).filter(([name, text]) => CHALLENGE_FIELDS.includes(name) && typeof text === 'string' && text !== '')
    return texts.map(([name, text]) => `${name} ${text}`).join(', ') || undefined
  } catch {
    return undefined
  }
}

const CHALLENGE_FIELDS: readonly string[] = ['status', 'scope', 'openid-configuration']
