import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { type ClientOptions, doctor, type Finding } from 'igwn-alert-rx'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import { lookAtTcp } from '../../src/doctor/checks/tcp.ts'
import { Examination } from '../../src/doctor/Examination.ts'
import { planOf } from '../../src/doctor/options.ts'
import { CERTIFICATE, KEY } from '../auth/certificate.ts'
import { entryText, put, temporaryDirectory } from '../auth/home.ts'
import { closedPort } from '../bed/ports.ts'
import { WireWriter } from '../bed/wire.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { ALL_VERSIONS, fakeBroker, versionsAnswer } from '../transports/kafka/fakeBroker.ts'
import { expectOnly, look, only, verdicts } from './look.ts'

const NAME = 'broker.invalid'
const nobody = { noauth: true } as const
const trusting = { ...nobody, tls: { ca: CERTIFICATE, servername: NAME } } as const

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `kafka://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const silent = (): Promise<string> => listening(createServer(socket => void socket.on('error', () => {})))

/** TLS, and what is said in it has no answer. */
const withTls = (): Promise<string> => {
  const server = createTlsServer({ cert: CERTIFICATE, key: KEY }, socket => void socket.on('error', () => {}))
  server.on('tlsClientError', (_, socket) => void socket.destroy())
  return listening(server)
}

/** It takes no credentials. */
const NO_SASL = new WireWriter().int16(34).int32(0).build()

async function withKafka(versions = ALL_VERSIONS, offer = NO_SASL): Promise<string> {
  const broker = await fakeBroker(({ apiKey }) => {
    if (apiKey === 18) return versionsAnswer(versions)
    return apiKey === 17 ? offer : undefined
  })
  onTestFinished(() => broker.close())
  return `kafka://${broker.address}/`
}

const skipped = (findings: readonly Finding[]) => findings.filter(({ ok }) => ok === 'skipped').map(({ check }) => check)

describe('the one fault is named, what is behind it is skipped', () => {
  it('a name that nobody knows', async () => {
    const findings = await look({ ...nobody, server: 'kafka://nowhere.invalid/' })
    expectOnly(findings, 'name', /^the name nowhere\.invalid is not known|nowhere\.invalid/)
    expect(skipped(findings)).toEqual(['tcp', 'tls', 'kafka', 'sasl', 'brokers', 'topic', 'limits', 'clock'])
    expect(only(findings, 'topic').what).toBe('not looked at, since this failed: name')
  })

  it('a closed port', async () => {
    const port = await closedPort()
    const findings = await look({ ...nobody, server: `kafka://127.0.0.1:${port}/` })
    expectOnly(findings, 'tcp', new RegExp(`^port ${port}: 127.0.0.1 refuses connections$`))
    expect(skipped(findings)).toHaveLength(7)
  })

  it.each<[string, ClientOptions, 'tls' | 'kafka', RegExp]>([
    ['plainly', nobody, 'kafka', /waited 300 ms for the first answer/],
    ['by TLS', { ...nobody, tls: true }, 'tls', /no answer to TLS within 300 ms/],
  ])('a port that is silent, spoken to %s; soon', async (_, options, check, what) => {
    const server = await silent()
    const start = performance.now()
    const findings = await look({ ...options, server, timeout: 300 })
    expectOnly(findings, check, what)
    expect(performance.now() - start).toBeLessThan(2000)
  })

  it('TLS to a Kafka without it', async () => {
    const findings = await look({ ...trusting, server: await withKafka(), timeout: 500 })
    expectOnly(findings, 'tls', /^this port speaks Kafka without TLS, and TLS is asked for$/)
  })

  it('TLS to a port that speaks neither', async () => {
    const server = await listening(createServer(socket => void socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n')))
    expectOnly(await look({ ...trusting, server }), 'tls', /does not speak TLS/)
    expectOnly(await look({ ...nobody, server }), 'kafka', /does not speak Kafka's protocol: its answer begins "HTTP"/)
  })

  it('no TLS to a port that speaks it', async () => {
    expectOnly(await look({ ...nobody, server: await withTls() }), 'tls', /^this port speaks TLS, and none is asked for$/)
  })

  it('a certificate that is not trusted', async () => {
    const findings = await look({ ...nobody, tls: { servername: NAME }, server: await withTls() })
    const { mend } = expectOnly(
      findings,
      'tls',
      /^the certificate of broker\.invalid, issued by broker\.invalid, is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
    )
    expect(mend).toContain('ssl_ca_location')
  })

  it('a certificate of another host', async () => {
    const findings = await look({ ...nobody, tls: { ca: CERTIFICATE }, server: await withTls() })
    expectOnly(findings, 'tls', /^the certificate of broker\.invalid, issued by broker\.invalid, is not one of 127\.0\.0\.1$/)
  })

  it('a broker that is too old', async () => {
    const findings = await look({ ...nobody, server: await withKafka({ ...ALL_VERSIONS, 1: [0, 7] }) })
    expectOnly(findings, 'kafka', /versions 0 to 7 of Fetch, 11 is needed$/)
  })

  it('credentials for a port that takes none', async () => {
    const auth = { username: 'alice', password: CANARY, protocol: 'SASL_PLAINTEXT' } as const
    const findings = await look({ auth, server: await withKafka() })
    expectOnly(findings, 'sasl', /^this port takes no credentials, and there are some$/)
    expectNoSecret(CANARY, findings)
  })
})

it('a mechanism that is not offered', async () => {
  const offer = new WireWriter().int16(33).int32(1).string('GSSAPI').build()
  const auth = { username: 'alice', password: CANARY, protocol: 'SASL_PLAINTEXT' } as const
  const findings = await look({ auth, server: await withKafka(ALL_VERSIONS, offer) })
  expectOnly(findings, 'sasl', /^SCRAM-SHA-512 is not offered here, but GSSAPI$/)
})

describe('what is well is said', () => {
  it('a certificate: for whom, by whom, until when', async () => {
    const findings = await look({ ...trusting, server: await withTls(), timeout: 300 })
    expect(only(findings, 'tls')).toMatchObject({
      ok: 'ok',
      what: 'TLSv1.3; certificate of broker.invalid, issued by broker.invalid, valid until 2120-01-01',
    })
    expectOnly(findings, 'kafka', /waited 300 ms for the first answer/)
  })

  it('but a certificate that ends within two weeks is worth a word', async () => {
    const clock = { now: () => Date.parse('2119-12-20'), tick: () => 0, after: () => () => {} }
    const findings = await look({ ...trusting, server: await withTls(), timeout: 300, clock })
    expect(only(findings, 'tls')).toMatchObject({ ok: 'warning', mend: expect.stringContaining('renewed') })
  })

  it('a password that passes in the clear is worth a word, too', async () => {
    const auth = { username: 'alice', password: CANARY, protocol: 'SASL_PLAINTEXT', mechanism: 'PLAIN' } as const
    const findings = await look({ auth, server: await withKafka() })
    expect(only(findings, 'tls')).toMatchObject({
      ok: 'warning',
      what: 'not asked for: the alerts and the password can be read on the way',
    })
  })

  it('versions, and what is looked at', async () => {
    const findings = await look({ ...nobody, server: `kafka://127.0.0.1:${await closedPort()}/` })
    expect(only(findings, 'versions')).toMatchObject({ ok: 'ok', what: expect.stringContaining(`Node ${process.versions.node}, OpenSSL`) })
    expect(only(findings, 'credentials').what).toMatch(/^127\.0\.0\.1:\d+ without TLS as nobody: without authentication, as asked$/)
  })
})

describe('several addresses of one name', () => {
  const addresses = ['127.0.0.2', '127.0.0.1'].map(address => ({ address, family: 4 }))
  const examine = async (port: number) => {
    const plan = planOf({ ...nobody, server: `kafka://127.0.0.1:${port}/` })
    return lookAtTcp(new Examination(plan, new AbortController().signal, () => {}), addresses)
  }

  it('are all tried; one that refuses costs nothing', async () => {
    const port = Number(new URL(await silent()).port)
    const { findings, value } = await examine(port)
    expect(value).toBe('127.0.0.1')
    expect(findings).toMatchObject([
      { ok: 'ok', what: expect.stringMatching(/127\.0\.0\.2 refuses connections; 127\.0\.0\.1 connects in \d+ ms$/) },
    ])
  })

  it('fail if all do', async () => {
    const { findings, value } = await examine(await closedPort())
    expect(value).toBeUndefined()
    expect(findings).toMatchObject([{ ok: 'failed' }])
  })
})

describe('credentials', () => {
  test('a function that never answers', async () => {
    const findings = await look({ auth: () => new Promise(() => {}), server: await withKafka(), timeout: 100 })
    expectOnly(findings, 'credentials', /^the credentials: no answer within 200 ms$/)
  })

  test('which file, which user; no secret', async () => {
    const path = await put(`${await temporaryDirectory()}/auth.toml`, entryText('alice', CANARY))
    const findings = await look({ authfile: path, server: `kafka://127.0.0.1:${await closedPort()}/` })
    expect(only(findings, 'credentials').what).toMatch(/over TLS as alice by SCRAM-SHA-512, from .*auth\.toml$/)
    expectNoSecret(CANARY, findings)
  })

  test.each([
    ['missing', undefined, 0o600, /there is no file/],
    ['readable by others', entryText('alice', CANARY), 0o644, /unsafe permissions: 100644 Please correct it/],
    ['broken', `[[auth]]\npassword = ${CANARY}`, 0o600, /not configured correctly/],
  ])('a file that is %s fails them; the network is looked at all the same', async (_, text, mode, what) => {
    const path = `${await temporaryDirectory()}/auth.toml`
    if (text !== undefined) await put(path, text, mode)
    const findings = await look({ authfile: path, server: await withKafka() })
    expectOnly(findings, 'credentials', what)
    expect(verdicts(findings)).toMatchObject({ name: 'ok', tcp: 'ok', tls: 'skipped', kafka: 'skipped' })
    expectNoSecret(CANARY, findings)
  })
})

test('a loop gets the findings as they are made; to leave it breaks off', async () => {
  const server = await silent()
  const start = performance.now()
  const seen: string[] = []
  for await (const { check } of doctor({ ...nobody, server, timeout: 60_000 })) {
    seen.push(check)
    if (check === 'tcp') break
  }
  expect(seen).toEqual(['credentials', 'versions', 'name', 'tcp'])
  expect(performance.now() - start).toBeLessThan(5000)
})

test('an aborted signal completes it, with nothing open', async () => {
  const open = new Set<unknown>()
  const server = await listening(
    createServer(socket => {
      open.add(socket)
      socket.on('error', () => {}).on('close', () => open.delete(socket))
      socket.resume()
    }),
  )
  const early = new AbortController()
  const found: Finding[] = []
  for await (const finding of doctor({ ...nobody, server, timeout: 60_000, signal: early.signal })) {
    found.push(finding)
    if (finding.check === 'tcp') setTimeout(() => early.abort(), 50)
  }
  expect(found.map(({ check }) => check)).not.toContain('kafka')
  await expect.poll(() => open.size).toBe(0)
})
