import { kafkaError } from '../../transports/codes.ts'
import type { Link } from '../../transports/kafka/link.ts'
import type { Links } from '../../transports/kafka/links.ts'
import type { Examination } from '../Examination.ts'
import { type About, type Found, failure, finding } from '../finding.ts'
import { saslHandshake } from '../requests/saslHandshake.ts'
import type { Secured } from './credentials.ts'

const TAKEN = 0
const NOT_OFFERED = 33
/** Of a port that takes no credentials at all. */
const NO_SASL = 34

/** The way to the server, as a client goes it. */
export interface LoggedIn {
  readonly links: Links
  readonly link: Link
}

interface Needs {
  /** A link that is not authenticated. */
  readonly kafka: Link
  readonly security: Secured
}

/** What the port asks for, and whether it takes what we have. */
export async function lookAtSasl(examination: Examination, { kafka, security }: Needs): Promise<Found<LoggedIn>> {
  const { credential, from } = security
  const { errorCode, mechanisms } = await kafka.raw(saslHandshake(credential?.mechanism ?? 'SCRAM-SHA-512'))
  const offer = mechanisms.join(', ')
  if (credential === undefined) {
    if (errorCode === NO_SASL) return logIn(examination, security, 'none is asked for')
    return failed(`this port asks who we are (${offer}), and nobody is to log in`, {
      mend: 'Give credentials (leave out noauth, --no-auth), or connect to a port without authentication',
    })
  }
  switch (errorCode) {
    case TAKEN:
      return logIn(examination, security, `${credential.username} is let in by ${credential.mechanism}; offered: ${offer}`)
    case NO_SASL:
      return failed('this port takes no credentials, and there are some', {
        mend: 'Connect to the port that asks for them, or without (noauth, --no-auth)',
      })
    case NOT_OFFERED:
      return failed(`${credential.mechanism} is not offered here, but ${offer || 'nothing'}`, {
        mend: `Name one that is offered as mechanism, where the credential stands (${from})`,
      })
    default:
      return { findings: [failure('sasl', kafkaError(errorCode, `${kafka.address}: SaslHandshake`))] }
  }
}

async function logIn(examination: Examination, { tls, credentials, from }: Secured, what: string): Promise<Found<LoggedIn>> {
  const links = examination.links({ tls, credentials })
  const link = links.link(examination.plan.server.address)
  try {
    await link.ready
    return { findings: [finding('sasl', 'ok', what)], value: { links, link } }
  } catch (error) {
    const { what: said, mend } = failure('sasl', error)
    return {
      findings: [finding('sasl', 'failed', said, { mend: from === undefined ? mend : `${mend ?? 'Check the credential'} (${from})` })],
    }
  }
}

const failed = (what: string, about: About): Found<LoggedIn> => ({ findings: [finding('sasl', 'failed', what, about)] })
