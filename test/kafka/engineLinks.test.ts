import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import { AlertError } from '../../src/errors.ts'
import { type EngineOptions, engineConfig } from '../../src/transports/kafka/config.ts'
import { Link } from '../../src/transports/kafka/link.ts'
import { Links } from '../../src/transports/kafka/links.ts'
import type { Credential, PasswordCredential } from '../../src/transports/transport.ts'
import { uniqueName } from '../bed/bedClient.ts'
import { startKafka } from '../bed/kafka.ts'
import { closedPort } from '../bed/ports.ts'
import { silentServer } from '../bed/proxy.ts'
import { sharedBed } from '../bed/shared.ts'

const bed = sharedBed()
const addresses = bed.brokers[0]!
const over = new AlertError('ALERT_CLOSED', 'the test is over')
const open: { kill?(error: AlertError): void; close?(): void; closed?: Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(
    open.splice(0).map(async each => {
      each.kill?.(over)
      await (each.close?.() ?? each.closed)
    }),
  )
})

const alice = (mechanism: PasswordCredential['mechanism'] = 'SCRAM-SHA-512', password = bed.users['alice']!): (() => Credential) => {
  return () => ({ mechanism, username: 'alice', password })
}

function linkTo(address: string, options: Omit<EngineOptions, 'server'> = {}): Link {
  const link = new Link(engineConfig({ server: address, ...options }), address)
  open.push(link)
  return link
}

function linksTo(options: EngineOptions): Links {
  const links = new Links(engineConfig(options))
  open.push(links)
  return links
}

const ask = async (link: Link): Promise<void> => {
  await link.call('Metadata', { topics: ['any'], allowAutoTopicCreation: false })
}

const failureOf = async (link: Link): Promise<AlertError> => {
  const error = await ask(link).then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(error instanceof AlertError)) throw new Error(`expected an AlertError, got ${String(error)}`)
  return error
}

const tls = { ca: bed.ca }

describe('a link stands', () => {
  it.each([
    ['in plain text', addresses.plaintext, {}],
    ['by TLS', addresses.ssl, { tls }],
    ['by TLS and SCRAM-SHA-512', addresses.saslSsl, { tls, credentials: alice() }],
    ['by SCRAM-SHA-512', addresses.saslPlaintext, { credentials: alice() }],
    ['by SCRAM-SHA-256', addresses.saslPlaintext, { credentials: alice('SCRAM-SHA-256') }],
    ['by PLAIN', addresses.saslPlaintext, { credentials: alice('PLAIN') }],
  ])('%s', async (_, address, options) => {
    const link = linkTo(address, options)
    await link.ready
    await ask(link)
    expect(link.dead).toBeUndefined()
  })

  it.each([
    ['a=b', 'p=w'],
    ['a,b=', ',="'],
    ['a b', 'pässwörd 日本'],
  ])('with the name %s and the password %s', async (name, password) => {
    const username = `${uniqueName('user')}${name}`
    await bed.setPassword(username, password)
    for (const mechanism of ['SCRAM-SHA-512', 'SCRAM-SHA-256'] as const) {
      await ask(linkTo(addresses.saslPlaintext, { credentials: () => ({ mechanism, username, password }) }))
    }
  })
})

describe('a link says why it cannot', () => {
  it('trust the certificate', async () => {
    for (const options of [{}, { ca: bed.otherCa }]) {
      expect(await failureOf(linkTo(addresses.saslSsl, { tls: options, credentials: alice() }))).toMatchObject({ code: 'ALERT_TLS_TRUST' })
    }
  })

  it('take the certificate for this host', async () => {
    const error = await failureOf(linkTo(addresses.wrongName, { tls, credentials: alice() }))
    expect(error).toMatchObject({ code: 'ALERT_TLS_HOSTNAME', message: expect.stringContaining('wrong.invalid') })
  })

  it('log in, never with the password', async () => {
    const wrong = 'wr0ng,=pässword'
    for (const mechanism of ['SCRAM-SHA-512', 'SCRAM-SHA-256', 'PLAIN'] as const) {
      const error = await failureOf(linkTo(addresses.saslPlaintext, { credentials: alice(mechanism, wrong) }))
      expect(error).toMatchObject({ code: 'ALERT_CREDENTIALS', message: expect.stringContaining(`${mechanism} as "alice"`) })
      const said = inspect(error, { depth: 20, showHidden: true })
      for (const form of [wrong, Buffer.from(wrong).toString('base64'), Buffer.from(wrong).toString('hex')])
        expect(said).not.toContain(form)
    }
  })

  it('log in where no login is taken', async () => {
    expect(await failureOf(linkTo(addresses.plaintext, { credentials: alice() }))).toMatchObject({
      code: 'ALERT_PROTOCOL',
      kafka: 'ILLEGAL_SASL_STATE',
    })
  })

  it('speak plain text to a TLS port', async () => {
    const error = await failureOf(linkTo(addresses.ssl))
    expect(error).toMatchObject({ code: 'ALERT_PROTOCOL', message: expect.stringContaining('this port speaks TLS') })
  })

  it('speak TLS to a plain port: a close, with a guess', async () => {
    for (const address of [addresses.plaintext, addresses.saslPlaintext]) {
      const error = await failureOf(linkTo(address, { tls }))
      expect(error).toMatchObject({ code: 'ALERT_CONNECTION', hint: expect.stringContaining('a port without TLS?') })
    }
  })

  it('go on without a login: a close, with a guess', async () => {
    expect(await failureOf(linkTo(addresses.saslPlaintext))).toMatchObject({
      code: 'ALERT_CONNECTION',
      hint: expect.stringContaining('want SASL?'),
    })
    expect(await failureOf(linkTo(addresses.saslSsl, { tls }))).toMatchObject({
      code: 'ALERT_CONNECTION',
      hint: expect.stringContaining('want SASL?'),
    })
  })
})

describe('the search for a broker', () => {
  it('takes the next address when one refuses, and one beside it when one is silent', async () => {
    const silent = await silentServer()
    open.push(silent)
    const refused = `127.0.0.1:${await closedPort()}`
    const links = linksTo({ server: addresses.plaintext, brokers: [refused, silent.address, addresses.plaintext], hedge: 200 })
    const from = performance.now()
    const [one, other] = await Promise.all([links.main(), links.main()])
    expect(one.address).toBe(addresses.plaintext)
    expect(other).toBe(one)
    expect(performance.now() - from).toBeLessThan(1500)
    expect(await links.main()).toBe(one)
  })

  it('finds another link when the last one broke', async () => {
    const links = linksTo({ server: addresses.plaintext })
    const first = await links.main()
    first.kill(over)
    expect(await links.main()).not.toBe(first)
    expect((await links.metadata(['any'])).size).toBe(1)
  })

  it('says what a broker said, rather than what was not reached', async () => {
    const refused = `127.0.0.1:${await closedPort()}`
    const credentials = alice('SCRAM-SHA-512', 'wrong')
    const links = linksTo({ server: addresses.saslPlaintext, brokers: [addresses.saslPlaintext, refused], credentials })
    await expect(links.metadata(['any'])).rejects.toMatchObject({ code: 'ALERT_CREDENTIALS' })
  })

  it('is over after close()', async () => {
    const links = linksTo({ server: addresses.plaintext })
    const questions = Promise.allSettled([links.main(), links.metadata(['any'])])
    await links.close()
    const closed = { status: 'rejected', reason: { code: 'ALERT_CLOSED' } }
    expect(await questions).toMatchObject([closed, closed])
    expect(() => links.link(addresses.plaintext)).toThrow(expect.objectContaining({ code: 'ALERT_CLOSED' }))
  })
})

describe('metadata', () => {
  it('names topics, ids and leaders; all topics without the internal ones', async () => {
    const topic = uniqueName('engine')
    await bed.createTopic(topic, { partitions: 3 })
    const links = linksTo({ server: addresses.plaintext })
    const { id } = await bed.describeTopic(topic)
    const expected = {
      topicId: Buffer.from(id, 'hex').toString('base64url'),
      leaders: [addresses.plaintext, addresses.plaintext, addresses.plaintext],
      internal: false,
    }
    expect((await links.metadata([topic, topic])).get(topic)).toMatchObject(expected)
    await bed.commit(uniqueName('group'), topic, [1, 1, 1]) // makes __consumer_offsets
    const all = await links.metadata('all')
    expect(all.get(topic)).toMatchObject(expected)
    expect([...all.keys()].filter(name => name.startsWith('__'))).toEqual([])
    expect(await links.metadata([])).toEqual(new Map())
  })

  it('creates no topic', async () => {
    const absent = uniqueName('engine')
    const links = linksTo({ server: addresses.plaintext })
    expect((await links.metadata([absent])).get(absent)?.error).toMatchObject({ code: 'ALERT_TOPIC_UNKNOWN' })
    expect(await bed.listTopics()).not.toContain(absent)
  })
})

describe('a session with an end', () => {
  it('is renewed in time, link by link, while requests go on', async () => {
    await using kafka = await startKafka({ reauthMs: 2000 })
    const address = kafka.brokers[0]!.saslSsl
    const password = kafka.users['alice']!
    const credentials = (): Credential => ({ mechanism: 'SCRAM-SHA-512', username: 'alice', password })
    const [busy, idle] = [linkTo(address, { tls: { ca: kafka.ca }, credentials }), linkTo(address, { tls: { ca: kafka.ca }, credentials })]
    await Promise.all([busy.ready, idle.ready])
    for (const until = performance.now() + 6500; performance.now() < until; ) await ask(busy)
    await ask(idle)
    expect([busy.dead, idle.dead]).toEqual([undefined, undefined])
    await kafka.setPassword('alice', 'another')
    await expect.poll(() => [busy.dead?.code, idle.dead?.code], { timeout: 5000 }).toEqual(['ALERT_CREDENTIALS', 'ALERT_CREDENTIALS'])
  })
})
