import { type AlertError, toAlertError } from '../../errors.ts'
import type { Link } from '../../transports/kafka/link.ts'
import { askMetadata, type Links } from '../../transports/kafka/links.ts'
import { type Finding, type Found, finding, plural, textOf } from '../finding.ts'
import type { LoggedIn } from './sasl.ts'

/** The cluster, as it can be reached from here. */
export interface Cluster {
  /** For questions that any broker answers. */
  readonly link: Link
  /** Links that are ready, by the address that the cluster names. */
  readonly brokers: ReadonlyMap<string, Link>
}

interface Reached {
  readonly address: string
  readonly link: Link
  readonly fault: AlertError | undefined
}

/** Every broker that the server names: alerts come from all of them, not only from the one that was asked first. */
export async function lookAtBrokers({ links, link }: LoggedIn): Promise<Found<Cluster>> {
  const { brokers: named, clusterId } = await askMetadata(link, [])
  const reached = await Promise.all(named.map(address => reach(links, address)))
  const good = reached.filter(({ fault }) => fault === undefined)
  const cluster = clusterId === undefined ? 'the cluster' : `cluster ${clusterId}`
  const what = `${cluster} names ${plural(named.length, 'broker')}: ${named.join(', ')}`
  const verdict = named.length === 0 ? 'failed' : 'ok'
  const mend = named.length === 0 ? 'It may just be starting: try again' : undefined
  const findings = good.length === reached.length ? [finding('brokers', verdict, what, { mend })] : reached.flatMap(unreachable)
  const value = { link, brokers: new Map(good.map(each => [each.address, each.link])) }
  return { findings, ...(good.length > 0 && { value }) }
}

async function reach(links: Links, address: string): Promise<Reached> {
  const link = links.link(address)
  try {
    await link.ready
    return { address, link, fault: undefined }
  } catch (error) {
    return { address, link, fault: toAlertError(error) }
  }
}

/** What the broker said or showed itself has its own mend; else it is not to be reached from here. */
const OWN_MEND: ReadonlySet<string> = new Set(['ALERT_CREDENTIALS', 'ALERT_TLS_TRUST', 'ALERT_TLS_HOSTNAME', 'ALERT_PROTOCOL'])

function unreachable({ address, fault }: Reached): Finding[] {
  if (fault === undefined) return []
  const what = `the server answers, but sends its clients on to ${address}, which cannot be used from here: ${textOf(fault)}`
  const mend = OWN_MEND.has(fault.code)
    ? fault.mend
    : `Have the way to ${address} opened (firewall, DNS, VPN); if it is a name or an address for the inside, whoever runs the server has to mend advertised.listeners`
  return [finding('brokers', 'failed', what, { subject: address, mend })]
}
