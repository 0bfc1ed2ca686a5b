import { toAlertError } from '../../errors.ts'
import { API } from '../../transports/kafka/apis.ts'
import type { Link } from '../../transports/kafka/link.ts'
import type { Examination } from '../Examination.ts'
import { type Found, failure, finding } from '../finding.ts'
import { SILENT_MEND } from '../handshake.ts'
import type { Secured } from './credentials.ts'
import type { Spoken } from './tls.ts'

interface Needs {
  readonly spoken: Spoken
  readonly security: Secured
}

/** Whether a Kafka that we understand answers; before anybody says who we are. */
export async function lookForKafka(examination: Examination, { spoken, security }: Needs): Promise<Found<Link>> {
  const link = spoken.plain ?? examination.links({ tls: security.tls }).link(examination.plan.server.address)
  try {
    await link.ready
  } catch (error) {
    const { mend = SILENT_MEND } = toAlertError(error)
    return { findings: [failure('kafka', error, { mend })] }
  }
  const versions = (['Fetch', 'Metadata', 'JoinGroup'] as const).map(name => `${name} ${rangeOf(link, API[name].key)}`)
  return { findings: [finding('kafka', 'ok', `a Kafka broker answers: ${versions.join(', ')}`)], value: link }
}

function rangeOf({ offered }: Link, key: number): string {
  const range = offered[key]
  return range ? `${range.minVersion}-${range.maxVersion}` : 'not offered'
}
