import type { Auth, DoctorOptions, Finding } from 'igwn-alert-rx'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type BedClient, uniqueName } from '../bed/bedClient.ts'
import { closedPort } from '../bed/ports.ts'
import { startProxy } from '../bed/proxy.ts'
import { rewriteAddresses } from '../bed/rewrite.ts'
import { sharedBed } from '../bed/shared.ts'
import { run } from '../cli/child.ts'
import { expectOnly, look, only, verdicts } from '../doctor/look.ts'
import { expectNoSecret } from '../support/canary.ts'
import { openSockets, writeBatch } from './engineSupport.ts'

let bed: BedClient
let user: string
let password: string
let group: string
let topic: string
let before: number

beforeAll(() => {
  bed = sharedBed()
})
beforeEach(async () => {
  user = uniqueName('patient')
  password = uniqueName('password')
  group = uniqueName('ward')
  topic = `${group}.superevent`
  await bed.setPassword(user, password)
  await bed.createTopic(topic, { partitions: 2 })
  before = openSockets()
})
afterEach(() => expect.poll(openSockets).toBeLessThanOrEqual(before))

const server = (listener: 'plaintext' | 'saslPlaintext' | 'saslSsl' | 'ssl' | 'wrongName') => `kafka://${bed.brokers[0]![listener]}/`
const overTls = (auth: Partial<Auth> = {}): DoctorOptions => ({
  server: server('saslSsl'),
  auth: { username: user, password, caFile: bed.caFile, ...auth },
  group,
  topics: 'superevent',
})
const plainly = (auth: Partial<Auth> = {}): DoctorOptions => ({
  ...overTls(),
  server: server('saslPlaintext'),
  auth: { username: user, password, protocol: 'SASL_PLAINTEXT', ...auth },
})
const mayRead = () => bed.grant(user, 'topic', topic, ['read'])

async function examine(options: DoctorOptions): Promise<readonly Finding[]> {
  const findings = await look(options)
  expectNoSecret(password, findings)
  return findings
}

describe('all is well', () => {
  it('over TLS, with a consumer group: green, and what is said is right', async () => {
    const consumerGroup = uniqueName(user)
    await mayRead()
    await bed.grant(user, 'topic', topic, ['describeConfigs'])
    await bed.grant(user, 'group', consumerGroup, ['read'])
    await bed.produce(topic, ['{"n":1}', '{"n":2}', '{"n":3}'], { partition: 1 })
    await bed.commit(consumerGroup, topic, [0, 1])
    const findings = await examine({ ...overTls(), consumerGroup })
    expect(verdicts(findings), JSON.stringify(findings, null, 2)).toEqual({
      credentials: 'ok',
      versions: 'ok',
      name: 'ok',
      tcp: 'ok',
      tls: 'ok',
      kafka: 'ok',
      sasl: 'ok',
      brokers: 'ok',
      topic: 'ok',
      group: 'ok',
      limits: 'ok',
      clock: 'unknown',
    })
    expect(only(findings, 'credentials').what).toMatch(`${bed.brokers[0]!.saslSsl} over TLS as ${user} by SCRAM-SHA-512, from auth`)
    expect(only(findings, 'tls').what).toMatch(
      /^TLSv1\.3; certificate of localhost, 127\.0\.0\.1, issued by igwn-alert-rx test bed ca, valid until 20/,
    )
    expect(only(findings, 'kafka').what).toMatch(/^a Kafka broker answers: Fetch \d+-\d+, Metadata \d+-\d+, JoinGroup \d+-\d+$/)
    expect(only(findings, 'sasl').what).toMatch(new RegExp(`^${user} is let in by SCRAM-SHA-512; offered: .*SCRAM-SHA-256`))
    expect(only(findings, 'brokers').what).toMatch(new RegExp(`^cluster \\S+ names 1 broker: ${bed.brokers[0]!.saslSsl}$`))
    expect(only(findings, 'topic')).toMatchObject({
      subject: topic,
      what: expect.stringMatching(/: may be read; 2 partitions, up to 3 records, the newest of \S+Z \(\d+ seconds? ago\)$/),
    })
    expect(only(findings, 'group')).toMatchObject({
      subject: consumerGroup,
      what: expect.stringMatching(/: may be joined, has no member now, coordinated by localhost:\d+; 2 records behind in 2 partitions$/),
    })
    expect(only(findings, 'limits').what).toMatch(/^a message may have up to \d+ bytes, compressed, in /)
  })

  it('without authentication, of a whole group', async () => {
    await bed.createTopic(`${group}.cbc_gstlal`)
    const findings = await examine({ server: server('plaintext'), noauth: true, group })
    expect(findings.filter(({ ok }) => ok === 'failed')).toEqual([])
    expect(only(findings, 'sasl').what).toBe('none is asked for')
    expect(only(findings, 'topic').what).toBe(`2 topics of the group ${group} may be read: ${group}.cbc_gstlal, ${topic}`)
  })

  it('nothing is changed: no group comes to be, nothing is written', async () => {
    const consumerGroup = uniqueName(user)
    await bed.grant(user, 'topic', topic, ['read', 'write'])
    await bed.grant(user, 'group', consumerGroup, ['read'])
    const findings = await examine({ ...plainly(), consumerGroup, write: true })
    expect(only(findings, 'topic')).toMatchObject({
      ok: 'ok',
      what: `${topic}: may be read and published to; 2 partitions, no records now`,
    })
    expect(only(findings, 'group').what).toContain('may be joined, is new')
    expect((await bed.describeGroup(consumerGroup)).state).toBe('Dead')
    expect(await bed.endOffsets(topic)).toEqual([0, 0])
  })

  it('the command: exit code 0, and lines', async () => {
    const args = ['doctor', '--no-auth', '-s', server('plaintext'), '-g', group, 'superevent']
    const { code, out, err } = await run(args)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^ok +tcp +port/m)
    expect(out).toMatch(/^nothing stands in the way$/m)
    const json = await run([...args, '--json'])
    const lines = json.out
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line) as Finding)
    expect(lines.map(({ check }) => check)).toEqual([
      'credentials',
      'versions',
      'name',
      'tcp',
      'tls',
      'kafka',
      'sasl',
      'brokers',
      'topic',
      'limits',
      'clock',
    ])
  })
})

describe('the way to the server', () => {
  it('TLS to a port without it', async () => {
    expectOnly(await examine({ ...overTls(), server: server('saslPlaintext') }), 'tls', /^this port speaks Kafka without TLS/)
  })

  it('no TLS to a port that speaks it', async () => {
    expectOnly(await examine({ ...plainly(), server: server('saslSsl') }), 'tls', /^this port speaks TLS, and none is asked for$/)
  })

  it('an authority that is not trusted', async () => {
    expectOnly(await examine(overTls({ caFile: bed.otherCaFile })), 'tls', /is not trusted \(UNABLE_TO_\w+\)$/)
  })

  it('a certificate of another host', async () => {
    expectOnly(
      await examine({ ...overTls(), server: server('wrongName') }),
      'tls',
      /^the certificate of wrong\.invalid, .* is not one of localhost$/,
    )
  })

  it('a broker that advertises an address that cannot be reached', async () => {
    const target = bed.brokers[0]!.plaintext
    const proxy = await startProxy(target)
    const elsewhere = `127.0.0.1:${await closedPort()}`
    proxy.onResponse = rewriteAddresses({ [target]: elsewhere })
    try {
      const findings = await examine({ server: `kafka://${proxy.address}/`, noauth: true, group, topics: 'superevent' })
      const found = expectOnly(
        findings,
        'brokers',
        new RegExp(`sends its clients on to ${elsewhere}, which cannot be used from here: .*ECONNREFUSED`),
      )
      expect(found).toMatchObject({ subject: elsewhere, mend: expect.stringContaining('advertised.listeners') })
      expect(verdicts(findings)).toMatchObject({ topic: 'skipped', limits: 'skipped', clock: 'skipped' })
      await expect.poll(() => proxy.open).toBe(0)
    } finally {
      await proxy.close()
    }
  })
})

describe('who we are', () => {
  it('a wrong password', async () => {
    const wrong = uniqueName('wrong')
    const findings = await examine(overTls({ password: wrong }))
    const { mend } = expectOnly(findings, 'sasl', /SASL_AUTHENTICATION_FAILED/)
    expect(mend).toContain('Check the username and the password')
    expectNoSecret(wrong, findings)
  })

  it('nobody, where a user is asked for', async () => {
    const findings = await examine({ server: server('saslPlaintext'), noauth: true, group, topics: 'superevent' })
    expectOnly(findings, 'sasl', /^this port asks who we are \(.*SCRAM-SHA-512.*\), and nobody is to log in$/)
  })

  it('a user, where none is asked for', async () => {
    expectOnly(await examine({ ...plainly(), server: server('plaintext') }), 'sasl', /^this port takes no credentials/)
  })
})

describe('what one may do', () => {
  it('no right to the topic', async () => {
    const findings = await examine(overTls())
    expectOnly(findings, 'topic', /TOPIC_AUTHORIZATION_FAILED/)
    expect(verdicts(findings)).toMatchObject({ brokers: 'ok', limits: 'skipped' })
  })

  it('the topic may be described, but not read', async () => {
    await bed.grant(user, 'topic', topic, ['describe'])
    expectOnly(await examine(overTls()), 'topic', /fetch of .*TOPIC_AUTHORIZATION_FAILED/)
  })

  it('it may be read, but not published to', async () => {
    await mayRead()
    expect(only(await examine(overTls()), 'topic').ok).toBe('ok')
    expectOnly(await examine({ ...overTls(), write: true }), 'topic', /: may be read, but not published to$/)
  })

  it('an unknown topic: the nearest is named', async () => {
    await bed.grant(user, 'topic', group, ['read'], { prefixed: true })
    const { mend, subject } = expectOnly(await examine({ ...overTls(), topics: 'supervent' }), 'topic', /UNKNOWN_TOPIC_OR_PARTITION/)
    expect(subject).toBe(`${group}.supervent`)
    expect(mend).toContain(`Did you mean ${topic}?`)
  })

  it('one topic of two: the other one is well', async () => {
    await mayRead()
    const findings = await examine({ ...overTls(), topics: ['absent', 'superevent'] })
    expectOnly(findings, 'topic', /absent/)
    expect(findings.filter(({ check }) => check === 'topic').map(({ ok }) => ok)).toEqual(['failed', 'ok'])
  })

  it('no topic of the group', async () => {
    await mayRead()
    const { mend } = expectOnly(
      await examine({ ...overTls(), group: 'gracedb', topics: undefined }),
      'topic',
      /^this user sees no topic of the group gracedb$/,
    )
    expect(mend).toContain(group)
  })

  it('no right to the consumer group', async () => {
    await mayRead()
    const findings = await examine({ ...overTls(), consumerGroup: uniqueName('somebody') })
    expectOnly(findings, 'group', /GROUP_AUTHORIZATION_FAILED/)
    expect(verdicts(findings)).toMatchObject({ topic: 'ok' })
  })

  it('the consumer group may be looked at, but not joined', async () => {
    const consumerGroup = uniqueName('somebody')
    await mayRead()
    await bed.grant(user, 'group', consumerGroup, ['describe'])
    expectOnly(await examine({ ...overTls(), consumerGroup }), 'group', /: this user may look at the group, but not join it$/)
  })
})

describe('worth a word', () => {
  it('what the group has committed is no longer in the log', async () => {
    const consumerGroup = uniqueName(user)
    await mayRead()
    await bed.grant(user, 'group', consumerGroup, ['read'])
    await bed.produce(topic, ['1', '2', '3'], { partition: 0 })
    await bed.commit(consumerGroup, topic, [1, 0])
    await bed.deleteRecords(topic, 0, 2)
    expect(only(await examine({ ...plainly(), consumerGroup }), 'group')).toMatchObject({
      ok: 'warning',
      what: expect.stringContaining(`what it has committed is no longer in ${topic}[0]`),
    })
  })

  it('a record of the future', async () => {
    await mayRead()
    await writeBatch(bed.brokers[0]!.plaintext, { topic, partition: 0, values: ['1'], timestamp: Date.now() + 600_000 })
    expect(only(await examine(plainly()), 'clock')).toMatchObject({
      ok: 'warning',
      what: expect.stringContaining("10 minutes ahead of this machine's clock"),
    })
  })

  it('the limits are told to who may know them', async () => {
    await mayRead()
    expect(only(await examine(plainly()), 'limits')).toMatchObject({ ok: 'unknown', mend: expect.stringContaining('DESCRIBE_CONFIGS') })
  })
})
