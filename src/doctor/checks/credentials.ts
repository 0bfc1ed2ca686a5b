import type { Security } from '../../auth/credentials.ts'
import type { Credential } from '../../transports/transport.ts'
import type { Examination } from '../Examination.ts'
import { type Found, finding } from '../finding.ts'
import { within } from '../within.ts'

export interface Secured extends Security {
  /** Undefined: nobody is to log in. */
  readonly credential: Credential | undefined
}

const UNHEARD = 'Check what the credentials are asked of: the token endpoint, the token command, or the function `auth`'

/** Who we are to the server. A token is asked for here; a password is only read. */
export async function lookForCredentials(examination: Examination): Promise<Found<Secured>> {
  const { plan, signal } = examination
  // A token endpoint is asked again for 8 s, and what it says then says more than a time-out.
  const secured = await within(2 * plan.timeout, 'the credentials', secure(plan.secure(signal)), UNHEARD)
  const { tls, from, credential } = secured
  const who = credential ? `${credential.username} by ${credential.mechanism}, from ${from}` : 'nobody: without authentication, as asked'
  const what = `${plan.server.address} ${tls ? 'over TLS' : 'without TLS'} as ${who}`
  return { findings: [finding('credentials', 'ok', what)], value: secured }
}

async function secure(security: Promise<Security>): Promise<Secured> {
  const { protocol, credentials, tls, from } = await security
  const credential = await credentials?.()
  return { protocol, credentials, tls, from, username: credential?.username, credential }
}
