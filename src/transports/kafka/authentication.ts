import { AlertError } from '../../errors.ts'
import { kafkaError } from '../codes.ts'
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

const isRefusal = (answer: unknown): answer is Refusal =>
  typeof answer === 'object' && answer !== null && 'errorCode' in answer && typeof answer.errorCode === 'number' && answer.errorCode !== 0

/**
 * Proves who we are; gives the session's lifetime in ms, 0: for ever.
 *
 * kafkajs says only in words why it failed, so the broker's answers are looked at as they pass: what the broker itself refused is one thing,
 * what broke another. Its own words and errors are never passed on whole: a server that was sent a password could say it back.
 */
export async function authenticate(channel: SaslChannel, credential: Credential): Promise<number> {
  const { address, host, port, offered } = channel
  const { mechanism, username } = credential
  let refused: AlertError | undefined
  let broken: AlertError | undefined
  const send = async (message: Message<unknown>): Promise<unknown> => {
    const answer = await channel.exchange(message).catch((error: unknown) => {
      if (error instanceof AlertError) broken = error
      throw error
    })
    if (isRefusal(answer)) {
      refused = refusal(address, credential, answer)
      throw refused
    }
    return message.response.parse(answer)
  }
  try {
    return await saslExchange({ host, port, offered, send }, credential)
  } catch (error) {
    if (refused ?? broken) throw refused ?? broken
    const said = withoutSecrets(error instanceof Error ? error.message : String(error), credential)
    throw new AlertError('ALERT_PROTOCOL', `${address}: ${mechanism} as ${JSON.stringify(username)} failed: ${said}`)
  }
}

function refusal(address: string, credential: Credential, { errorCode, errorMessage, enabledMechanisms }: Refusal): AlertError {
  const { mechanism, username } = credential
  const words = errorMessage ?? (enabledMechanisms?.length ? `it offers ${enabledMechanisms.join(', ')}` : undefined)
  const said = words ? ` (${withoutSecrets(words, credential)})` : ''
  return kafkaError(errorCode, `${address}: ${mechanism} as ${JSON.stringify(username)}${said}`)
}

function withoutSecrets(text: string, { password }: Credential): string {
  const bytes = Buffer.from(password)
  const forms = [password, encodeURIComponent(password), bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex')]
  return forms.some(form => form !== '' && text.includes(form)) ? 'the text of it holds the password and is not shown' : text
}
