import { type DoctorCheck, type DoctorOptions, doctor, type Finding, silentLogger } from 'igwn-alert-rx'
import { lastValueFrom, toArray } from 'rxjs'
import { expect } from 'vitest'

/** All that doctor finds. */
export const look = (options: DoctorOptions): Promise<readonly Finding[]> =>
  lastValueFrom(doctor({ logger: silentLogger, ...options }).pipe(toArray()))

/** By check, the verdict; of a check with several findings the last one. */
export const verdicts = (findings: readonly Finding[]): Partial<Record<DoctorCheck, Finding['ok']>> =>
  Object.fromEntries(findings.map(({ check, ok }) => [check, ok]))

/** That finding alone failed, with a mend; checks behind it are skipped. Gives it. */
export function expectOnly(findings: readonly Finding[], check: DoctorCheck, what: RegExp): Finding {
  const failed = findings.filter(({ ok }) => ok === 'failed')
  expect(failed, JSON.stringify(findings, null, 2)).toHaveLength(1)
  expect(failed[0]).toMatchObject({ check, what: expect.stringMatching(what), mend: expect.stringMatching(/\S/) })
  return failed[0]!
}

/** The one finding of a check. */
export function only(findings: readonly Finding[], check: DoctorCheck): Finding {
  const found = findings.filter(each => each.check === check)
  expect(found, JSON.stringify(findings, null, 2)).toHaveLength(1)
  return found[0]!
}
