import { type AlertError, toAlertError } from '../errors.ts'
import { oneLine } from '../words.ts'

/** What is looked at; see docs/doctor.md. */
export type DoctorCheck =
  | 'credentials'
  | 'versions'
  | 'name'
  | 'tcp'
  | 'tls'
  | 'kafka'
  | 'sasl'
  | 'brokers'
  | 'topic'
  | 'group'
  | 'limits'
  | 'clock'

/** In the order in which they are looked at. */
export const CHECKS: readonly DoctorCheck[] = [
  'credentials',
  'versions',
  'name',
  'tcp',
  'tls',
  'kafka',
  'sasl',
  'brokers',
  'topic',
  'group',
  'limits',
  'clock',
]

/**
 * ok: as it should be. warning: it works, but will or may not always. failed: this stands between this machine and its alerts. unknown: it
 * could not be found out. skipped: not looked at, since something before it failed.
 */
export type Verdict = 'ok' | 'warning' | 'failed' | 'unknown' | 'skipped'

/** One thing that `doctor` found, in one line; fit for JSON. No secret is in it. */
export interface Finding {
  readonly check: DoctorCheck
  readonly ok: Verdict
  /** The topic (Kafka's full name), the broker (host:port) or the consumer group that it is about. */
  readonly subject?: string | undefined
  readonly what: string
  /** What to do about it, as a sentence. */
  readonly mend?: string | undefined
}

export interface About {
  readonly subject?: string | undefined
  readonly mend?: string | undefined
}

/** What a check found, and what later ones need of it. No value: those are skipped. */
export interface Found<T> {
  readonly findings: readonly Finding[]
  readonly value?: T | undefined
}

export function finding(check: DoctorCheck, ok: Verdict, what: string, { subject, mend }: About = {}): Finding {
  return { check, ok, ...(subject !== undefined && { subject }), what: oneLine(what), ...(mend !== undefined && { mend: oneLine(mend) }) }
}

/** An error as a failure: its mend is its own, its guess is part of the text. */
export function failure(check: DoctorCheck, thrown: unknown, about: About = {}): Finding {
  const error = toAlertError(thrown, 'ALERT_CONNECTION')
  return finding(check, 'failed', textOf(error), { mend: error.mend, ...about })
}

/** What an error says, without its mend. */
export function textOf({ message, mend, hint }: AlertError): string {
  const text = mend !== undefined && message.endsWith(mend) ? message.slice(0, -mend.length).replace(/\.\s*$/, '') : message
  return hint === undefined || text.includes(hint) ? text : `${text} (${hint})`
}

/** What `summaryOf` makes of findings. */
export interface DoctorSummary {
  /** Nothing failed. */
  readonly ok: boolean
  readonly counts: Readonly<Record<Verdict, number>>
  /** What failed: each check once, in order. */
  readonly failed: readonly DoctorCheck[]
  readonly what: string
}

/** All findings in a sentence. @example summaryOf(await lastValueFrom(doctor({ noauth: true }).pipe(toArray()))).ok */
export function summaryOf(findings: readonly Finding[]): DoctorSummary {
  const count = (verdict: Verdict): number => findings.filter(({ ok }) => ok === verdict).length
  const counts = {
    ok: count('ok'),
    warning: count('warning'),
    failed: count('failed'),
    unknown: count('unknown'),
    skipped: count('skipped'),
  }
  const failed = CHECKS.filter(check => findings.some(each => each.check === check && each.ok === 'failed'))
  const rest = [counts.warning > 0 && plural(counts.warning, 'warning'), counts.skipped > 0 && `${counts.skipped} not looked at`].filter(
    Boolean,
  )
  const what = [failed.length > 0 ? `failed: ${failed.join(', ')}` : 'nothing stands in the way', ...rest].join('; ')
  return { ok: failed.length === 0, counts, failed, what }
}

export const plural = (count: number, noun: string): string => `${count} ${count === 1 ? noun : `${noun}s`}`
