import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished, test } from 'vitest'
import { AlertError } from '../../src/errors.ts'
import { troubleOf } from '../../src/offload/answers.ts'
import { Transient } from '../../src/offload/Transient.ts'
import { CERTIFICATE, KEY } from '../auth/certificate.ts'
import { endpointAt, OffloadRig } from './rig.ts'

it('a certificate that is not trusted fails at once, and says how to trust it', async () => {
  const server = createServer({ cert: CERTIFICATE, key: KEY }, (_, response) => void response.end())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const rig = await OffloadRig.start({ metadata: [endpointAt(origin)] })
  const error = await rig.refusal(`${origin}/msg/1`)
  expect(error).toMatchObject({ code: 'ALERT_TLS_TRUST', message: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT') })
  expect(error.mend).toContain('NODE_EXTRA_CA_CERTS')
  expect(rig.logged).toEqual([])
})

const failed = (code: string): Error => new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code }) })

test.each([
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'ALERT_TLS_HOSTNAME'],
  ['CERT_HAS_EXPIRED', 'ALERT_TLS_TRUST'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'ALERT_TLS_TRUST'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'ALERT_TLS_TRUST'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'ALERT_TLS_TRUST'],
  ['PATH_LENGTH_EXCEEDED', 'ALERT_TLS_TRUST'],
  ['INVALID_CA', 'ALERT_TLS_TRUST'],
])('%s is %s', (code, alert) => {
  const error = troubleOf(failed(code), 'https://a/msg/1')
  expect(error).toBeInstanceOf(AlertError)
  expect(error).toMatchObject({ code: alert, message: expect.stringContaining(`https://a/msg/1: ${code}`) })
})

test.each(['ECONNREFUSED', 'ENOTFOUND', 'UND_ERR_SOCKET'])('%s may be over in a moment', code => {
  const trouble = troubleOf(failed(code), 'https://a/msg/1')
  expect(trouble).toBeInstanceOf(Transient)
  expect(trouble).toMatchObject({ error: { code: 'ALERT_CONNECTION', message: `https://a/msg/1: ${code}` } })
})
