import { AlertError } from '../errors.ts'
import type { Credential, TokenCredential } from '../transports/transport.ts'
import { authorization, readChallenge, readInfo } from './exchange.ts'
import { ScramClient, type ScramCredential } from './ScramClient.ts'

/** Asks the server, with that header `Authorization`. */
export type Ask = (authorization: string | undefined) => Promise<Response>

/**
 * Asks as the user: by SCRAM over HTTP (RFC 7804, as hop speaks it), or with a bearer token. A password is never sent.
 *
 * @returns the answer, whatever its status; if it is good, the server has proved by SCRAM that it knows the password too
 * @throws AlertError ALERT_CREDENTIALS for a mechanism that cannot be used, ALERT_PROTOCOL for a server that does not speak it
 */
export async function askAs(credential: Credential | undefined, ask: Ask, server: string): Promise<Response> {
  if (credential === undefined) return ask(undefined)
  if (credential.mechanism === 'OAUTHBEARER') return askWithToken(credential, ask)
  const { mechanism, username, password } = credential
  if (mechanism !== 'PLAIN') return askByScram({ mechanism, username, password }, ask, server)
  throw new AlertError('ALERT_CREDENTIALS', `the credential's mechanism is PLAIN, which would send the password to ${server}`, {
    mend: 'Use a credential with SCRAM-SHA-512, SCRAM-SHA-256 or OAUTHBEARER to fetch large messages',
  })
}

async function askWithToken(credential: TokenCredential, ask: Ask): Promise<Response> {
  const answer = await ask(`Bearer ${checkedToken(credential.token)}`)
  if (answer.status === 401) credential.refused?.()
  return answer
}

async function askByScram(credential: ScramCredential, ask: Ask, server: string): Promise<Response> {
  const { mechanism } = credential
  const client = new ScramClient(credential)
  const first = await ask(authorization(mechanism, client.first))
  // Whoever asks for no proof gets none; SCRAM would not protect the answer's body in any case.
  if (first.status !== 401) return first
  const challenge = readChallenge(first.headers.get('www-authenticate'), mechanism)
  await first.body?.cancel()
  if (challenge === undefined) {
    throw new AlertError('ALERT_CREDENTIALS', `${server} refused ${mechanism} as ${JSON.stringify(credential.username)}`, {
      mend: "Check the credential's username and mechanism",
    })
  }
  const { sid, message } = challenge
  const last = await ask(authorization(mechanism, await client.final(message), sid))
  if (!last.ok) return last
  const info = readInfo(last.headers.get('authentication-info'))
  if (info?.sid === sid && (await client.accepts(info.message))) return last
  await last.body?.cancel()
  const what = info === undefined ? 'says nothing' : info.sid === sid ? 'gives a wrong signature' : 'speaks of another exchange (sid)'
  throw new AlertError('ALERT_PROTOCOL', `${server} did not prove that it knows the password: it ${what}`, {
    mend: 'It may not be the server that it seems to be: nothing of its answer is used',
  })
}

/** Whatever else a header would not take, and the platform's error would show. */
function checkedToken(token: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new AlertError('ALERT_CREDENTIALS', 'the bearer token has characters that a token does not have', {
    mend: 'Look at what gives the token: it should be one line of printable ASCII',
  })
}
