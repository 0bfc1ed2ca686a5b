import { readClaims } from '../../auth/jwt.ts'
import type { Credential } from '../../transports/transport.ts'
import { timeText } from '../../words.ts'
import { type Finding, type Found, finding } from '../finding.ts'
import { duration } from '../words.ts'
import type { Secured } from './credentials.ts'
import type { SeenTopic } from './topics.ts'

/** Clocks that are kept by NTP agree much better, ms. */
const TOLERANCE = 5_000

interface Needs {
  readonly topics: readonly SeenTopic[]
  readonly security: Secured
}

/**
 * This machine's clock, as far as others tell theirs, which Kafka does not: a token says when it was issued, a record when it was made. What is of
 * the future shows that a clock is wrong; an old record, or token, shows nothing.
 */
export function lookAtClock({ topics, security }: Needs, now: number): Found<true> {
  const issued = issueOf(security.credential)
  const ahead = topics.filter(({ newest = 0 }) => newest > now + TOLERANCE)
  const findings = [...ahead.map(topic => future(topic, now)), ...(issued === undefined ? [] : againstToken(issued, now))]
  return { findings: findings.length > 0 ? findings : [unknown(topics, now)], value: true }
}

function future({ topic, newest = 0 }: SeenTopic, now: number): Finding {
  const what = `the newest record of ${topic} is of ${timeText(newest)}, ${duration(newest - now)} ahead of this machine's clock`
  const mend = 'Check this clock (NTP). If it is right, that of who publishes there is not; dropStale and a start at a date go by both'
  return finding('clock', 'warning', what, { subject: topic, mend })
}

function againstToken(issued: number, now: number): readonly Finding[] {
  const apart = duration(issued - now)
  if (issued > now + TOLERANCE) {
    const what = `the token was issued at ${timeText(issued)}, ${apart} ahead of this machine's clock`
    return [finding('clock', 'warning', what, { mend: 'Check this clock (NTP)' })]
  }
  return now - issued > TOLERANCE ? [] : [finding('clock', 'ok', `${timeText(now)}, within ${apart} of that of who issues the tokens`)]
}

function unknown(topics: readonly SeenTopic[], now: number): Finding {
  const seen = topics.some(({ newest }) => newest !== undefined) ? 'no record is of the future' : 'there is no record to compare it with'
  return finding('clock', 'unknown', `${timeText(now)} by this machine; ${seen}, and the server does not tell its time`)
}

/** Undefined where it does not say, and of a password. */
const issueOf = (credential: Credential | undefined): number | undefined =>
  credential?.mechanism === 'OAUTHBEARER' ? readClaims(credential.token)?.issued : undefined
