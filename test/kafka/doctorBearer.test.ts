import type { Auth, DoctorOptions } from 'igwn-alert-rx'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { OidcBed, SECRET, USER } from '../bed/oidcBed.ts'
import { expectOnly, look, only, verdicts } from '../doctor/look.ts'
import { expectNoSecret } from '../support/canary.ts'

let bed: OidcBed
beforeAll(async () => {
  bed = await OidcBed.start(60_000)
  await bed.topic('gracedb.superevent')
})
afterAll(() => bed[Symbol.asyncDispose]())
beforeEach(() => {
  bed.oidc.behaviour = 'well'
})

const options = (auth: Partial<Auth> = {}): DoctorOptions => ({
  server: `kafka://${bed.server}/`,
  auth: { username: USER, password: SECRET, caFile: bed.caFile, tokenEndpoint: bed.oidc.tokenEndpoint, ...auth },
  topics: 'superevent',
})

it('a token: green, and the clock agrees with that of who issues it', async () => {
  const findings = await look(options())
  expect(findings.filter(({ ok }) => ok === 'failed')).toEqual([])
  expect(verdicts(findings)).toMatchObject({ credentials: 'ok', sasl: 'ok', topic: 'ok', clock: 'ok' })
  expect(only(findings, 'sasl').what).toBe(`${USER} is let in by OAUTHBEARER; offered: OAUTHBEARER`)
  expectNoSecret(SECRET, findings)
})

it('a secret that the token endpoint refuses', async () => {
  const findings = await look(options({ password: 'not the secret' }))
  expectOnly(findings, 'credentials', /./)
  expectNoSecret('not the secret', findings)
  expect(verdicts(findings)).toMatchObject({ tcp: 'ok', sasl: 'skipped' })
})

it('a password, where tokens alone are taken', async () => {
  const findings = await look(options({ tokenEndpoint: undefined }))
  expectOnly(findings, 'sasl', /^SCRAM-SHA-512 is not offered here, but OAUTHBEARER$/)
})
