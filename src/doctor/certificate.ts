import type { Certificate, DetailedPeerCertificate } from 'node:tls'

/** Of a subject or an issuer: the name that people know it by. */
export const nameOf = (party: Certificate | undefined): string => [party?.CN ?? party?.O ?? 'nobody'].flat().join(', ')

/** The hosts that a certificate is for, e.g. `kafka.scimma.org`. */
export function hostsOf({ subject, subjectaltname }: DetailedPeerCertificate): string {
  return subjectaltname?.replaceAll(/\b(DNS|IP Address):/g, '') ?? nameOf(subject)
}

/** When the first certificate of the chain ends, ms since 1970; undefined where none says. */
export function endOf(certificate: DetailedPeerCertificate): number | undefined {
  const ends = chainOf(certificate)
    .map(({ valid_to }) => Date.parse(valid_to))
    .filter(Number.isFinite)
  return ends.length === 0 ? undefined : Math.min(...ends)
}

/** When the last certificate of the chain begins. */
export function beginOf(certificate: DetailedPeerCertificate): number | undefined {
  const begins = chainOf(certificate)
    .map(({ valid_from }) => Date.parse(valid_from))
    .filter(Number.isFinite)
  return begins.length === 0 ? undefined : Math.max(...begins)
}

/** The last one of a chain is its own issuer. */
function chainOf(certificate: DetailedPeerCertificate): readonly DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = []
  for (let each: DetailedPeerCertificate | undefined = certificate; each && !chain.includes(each); each = each.issuerCertificate)
    chain.push(each)
  return chain
}
