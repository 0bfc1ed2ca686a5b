import type { ConnectionOptions } from 'node:tls'
import type { Link } from '../../transports/kafka/link.ts'
import { beginOf, endOf, hostsOf, nameOf } from '../certificate.ts'
import type { Examination } from '../Examination.ts'
import { type About, type Finding, type Found, failure, finding } from '../finding.ts'
import { type Handshake, shakeHands } from '../handshake.ts'
import type { Secured } from './credentials.ts'

const DAY = 86_400_000
/** A certificate that ends sooner is worth a word, days. */
const SOON = 14

/** How long it is looked for the other way to speak to the port, ms: the port is near, since it connected, and whoever understands answers at once. */
const PROBE = 2_000
const probeOf = ({ plan }: Examination): number => Math.min(PROBE, plan.timeout)

/** How the port is to be spoken to. */
export interface Spoken {
  /** A connection without TLS that was opened meanwhile, be it dead; undefined: TLS. */
  readonly plain: Link | undefined
}

export function lookAtTls(
  examination: Examination,
  { address, security }: { readonly address: string; readonly security: Secured },
): Promise<Found<Spoken>> {
  return security.tls ? withTls(examination, address, security.tls) : withoutTls(examination, address, security)
}

async function withTls(examination: Examination, address: string, tls: ConnectionOptions): Promise<Found<Spoken>> {
  try {
    return certified(await shakeHands(examination, address, tls), examination, tls.servername)
  } catch (error) {
    const { isKafka } = await openPlain(examination, probeOf(examination))
    if (!isKafka) return { findings: [failure('tls', error)] }
    return failed('this port speaks Kafka without TLS, and TLS is asked for', {
      mend: 'Connect to the port that speaks TLS; or, if nobody else is on the way, without TLS: protocol = "SASL_PLAINTEXT" in auth.toml, or tls: false',
    })
  }
}

async function withoutTls(examination: Examination, address: string, { credential }: Secured): Promise<Found<Spoken>> {
  const { link, isKafka, isSilent } = await openPlain(examination, examination.plan.timeout)
  if (!isKafka && !isSilent && (await speaksTls(examination, address))) {
    return failed('this port speaks TLS, and none is asked for', {
      mend: 'Use TLS: protocol = "SASL_SSL" in auth.toml, or tls: true; or connect to the port without it',
    })
  }
  const secret = credential?.mechanism === 'PLAIN' ? 'password' : credential?.mechanism === 'OAUTHBEARER' ? 'token' : undefined
  const exposed = secret === undefined ? 'the alerts' : `the alerts and the ${secret}`
  const mend = secret && 'Connect to a port that speaks TLS'
  const what = `not asked for: ${exposed} can be read on the way`
  return { findings: [finding('tls', secret ? 'warning' : 'ok', what, { mend })], value: { plain: link } }
}

interface Plainly {
  readonly link: Link
  /** A Kafka answered, be it one that is too old. */
  readonly isKafka: boolean
  readonly isSilent: boolean
}

async function openPlain(examination: Examination, patience: number): Promise<Plainly> {
  const link = examination.links({ tls: undefined, patience }).link(examination.plan.server.address)
  await link.ready.catch(() => {})
  const isKafka = Object.keys(link.offered).length > 0
  return { link, isKafka, isSilent: link.dead?.code === 'ALERT_TIMEOUT' }
}

const speaksTls = (examination: Examination, address: string): Promise<boolean> =>
  shakeHands(examination, address, {}, probeOf(examination)).then(
    () => true,
    () => false,
  )

function certified(handshake: Handshake, { plan }: Examination, servername: string | undefined): Found<Spoken> {
  const { certificate, protocol, fault } = handshake
  if (fault !== undefined) return { findings: [refusal(handshake, servername ?? plan.server.host, plan.now())] }
  const end = endOf(certificate)
  const what = `${protocol}; certificate of ${hostsOf(certificate)}, issued by ${nameOf(certificate.issuer)}, valid until ${dayOf(end)}`
  const isEnding = end !== undefined && end - plan.now() < SOON * DAY
  const mend = isEnding ? 'Tell who runs the server that its certificate has to be renewed' : undefined
  return { findings: [finding('tls', isEnding ? 'warning' : 'ok', what, { mend })], value: { plain: undefined } }
}

function refusal({ certificate, fault }: Handshake, host: string, now: number): Finding {
  const what = `the certificate of ${hostsOf(certificate)}, issued by ${nameOf(certificate.issuer)},`
  const clock = `check this machine's clock, which says ${new Date(now).toISOString()}`
  switch (fault) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return finding('tls', 'failed', `${what} is not one of ${host}`, {
        mend: 'Connect by a name that the certificate holds, or give it as tls.servername',
      })
    case 'CERT_HAS_EXPIRED':
      return finding('tls', 'failed', `${what} ended on ${dayOf(endOf(certificate))}`, {
        mend: `Tell who runs the server that it has to be renewed, or ${clock}`,
      })
    case 'CERT_NOT_YET_VALID':
      return finding('tls', 'failed', `${what} begins on ${dayOf(beginOf(certificate))}`, { mend: `It may be right: ${clock}` })
    default:
      return finding('tls', 'failed', `${what} is not trusted (${fault})`, {
        mend: 'If that is who should have issued it, trust it: its file as ssl_ca_location in auth.toml (caFile, tls.ca in code). If not, somebody is in between',
      })
  }
}

const dayOf = (time: number | undefined): string =>
  time === undefined ? 'a day that it does not say' : new Date(time).toISOString().slice(0, 10)

const failed = (what: string, about: About): Found<Spoken> => ({ findings: [finding('tls', 'failed', what, about)] })
