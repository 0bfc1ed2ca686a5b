import { inspect } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { AlertError } from '../../../src/errors.ts'
import { type EngineOptions, engineConfig } from '../../../src/transports/kafka/config.ts'
import { Link } from '../../../src/transports/kafka/link.ts'
import type { Credential } from '../../../src/transports/transport.ts'
import { WireWriter } from '../../bed/wire.ts'
import { ALL_VERSIONS, answerFrame, type FakeBroker, type FakeRequest, fakeBroker, versionsAnswer } from './fakeBroker.ts'

const SASL_HANDSHAKE = 17
const SASL_AUTHENTICATE = 36
const METADATA = 3

const ended = new AlertError('ALERT_CLOSED', 'the test is over')
const brokers: FakeBroker[] = []
const links: Link[] = []

afterEach(async () => {
  for (const link of links) link.kill(ended)
  await Promise.all(links.splice(0).map(({ closed }) => closed))
  for (const broker of brokers.splice(0)) broker.close()
})

async function broker(answer?: (request: FakeRequest) => Buffer | undefined | Promise<Buffer | undefined>): Promise<FakeBroker> {
  const made = await fakeBroker(answer)
  brokers.push(made)
  return made
}

function open(address: string, options: Omit<EngineOptions, 'server'> = {}, onDead?: (error: AlertError) => void): Link {
  const link = new Link(engineConfig({ server: address, connectTimeout: 2000, requestTimeout: 2000, ...options }), address, onDead)
  links.push(link)
  return link
}

const failureOf = async (promise: Promise<unknown>): Promise<AlertError> => {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(error instanceof AlertError)) throw new Error(`expected an AlertError, got ${String(error)}`)
  return error
}

const noTopics = (throttle = 0): Buffer => new WireWriter().int32(throttle).int32(0).string(null).int32(-1).int32(0).build()
const ask = (link: Link, timeoutMs?: number): Promise<unknown> =>
  link.call('Metadata', { topics: ['t'], allowAutoTopicCreation: false }, timeoutMs)

describe('opening a link', () => {
  it('rejects, and kills it, when nobody listens', async () => {
    const { address, close } = await fakeBroker()
    close()
    const dead = vi.fn<(error: AlertError) => void>()
    const link = open(address, {}, dead)
    const error = await failureOf(link.ready)
    expect(error).toMatchObject({ code: 'ALERT_CONNECTION', message: expect.stringContaining('ECONNREFUSED') })
    expect(link.dead).toBe(error)
    expect(dead).toHaveBeenCalledExactlyOnceWith(error)
    await link.closed
  })

  it('names a host that is not known', async () => {
    const error = await failureOf(open('nowhere.invalid:9092').ready)
    expect(error).toMatchObject({ code: 'ALERT_CONNECTION', message: expect.stringContaining('the name of the host is not known') })
  })

  it('gives up a broker that says nothing', async () => {
    const silent = await broker(() => new Promise(() => {}))
    const error = await failureOf(open(silent.address, { connectTimeout: 100 }).ready)
    expect(error).toMatchObject({ code: 'ALERT_TIMEOUT', message: `${silent.address}: waited 100 ms for the first answer` })
  })

  it.each([
    ['a TLS alert', Buffer.from([0x15, 3, 3, 0, 2, 2, 40]), /this port speaks TLS/],
    ['a web server', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), /does not speak Kafka's protocol: its answer begins "HTTP"/],
    ['a size below any answer', Buffer.from([0, 0, 0, 2, 1, 1]), /does not speak Kafka's protocol/],
    ['an answer to another question', answerFrame(99, versionsAnswer()), /answer 99 came where 0 was due/],
    ['an answer that ends too early', answerFrame(0, Buffer.from([0, 0, 0, 0, 0, 9])), /the answer to ApiVersions cannot be read/],
  ])('tells %s from a broker', async (_, bytes, message) => {
    const other = await broker(({ socket }) => {
      socket.write(bytes)
      return new Promise(() => {})
    })
    const error = await failureOf(open(other.address).ready)
    expect(error).toMatchObject({ code: 'ALERT_PROTOCOL', message: expect.stringMatching(message) })
  })

  it('refuses a broker that is too old', async () => {
    const old = await broker(({ apiKey }) => (apiKey === 18 ? versionsAnswer({ ...ALL_VERSIONS, 1: [0, 7] }) : undefined))
    const error = await failureOf(open(old.address).ready)
    expect(error).toMatchObject({
      code: 'ALERT_PROTOCOL',
      message: expect.stringContaining('the broker speaks versions 0 to 7 of Fetch, 11 is needed'),
    })
    const older = await broker(() => new WireWriter().int16(35).int32(0).build())
    expect(await failureOf(open(older.address).ready)).toMatchObject({ code: 'ALERT_PROTOCOL', kafka: 'UNSUPPORTED_VERSION' })
  })

  it('guesses at SASL when the first request is answered by a close', async () => {
    const wantsSasl = await broker(({ apiKey, socket }) => {
      if (apiKey === METADATA) socket.end()
      return undefined
    })
    const link = open(wantsSasl.address)
    const error = await failureOf(ask(link))
    expect(error).toMatchObject({ code: 'ALERT_CONNECTION', hint: expect.stringContaining('does this port want SASL?') })
  })
})

describe('a request', () => {
  it('is answered, in the order asked', async () => {
    const link = open((await broker(({ apiKey }) => (apiKey === METADATA ? noTopics() : undefined))).address)
    expect(await Promise.all([ask(link), ask(link), ask(link)])).toMatchObject([
      { topicMetadata: [] },
      { topicMetadata: [] },
      { topicMetadata: [] },
    ])
  })

  it('that is not answered kills the link', async () => {
    const link = open((await broker()).address)
    await link.ready
    const others = failureOf(ask(link))
    expect(await failureOf(ask(link, 100))).toMatchObject({ code: 'ALERT_TIMEOUT' })
    expect(await others).toBe(link.dead)
    expect(await failureOf(ask(link))).toBe(link.dead)
    await link.closed
  }, 5000)

  it('lives while its answer trickles in', async () => {
    const slow = await broker(({ apiKey, correlationId, socket }) => {
      if (apiKey !== METADATA) return undefined
      const frame = answerFrame(correlationId, noTopics())
      const drip = (at: number): void => {
        socket.write(frame.subarray(at, at + 2))
        if (at + 2 < frame.length) setTimeout(drip, 60, at + 2)
      }
      drip(0)
      return undefined
    })
    const started = performance.now()
    await ask(open(slow.address), 150)
    expect(performance.now() - started).toBeGreaterThan(400)
  })

  it('under way is rejected by kill()', async () => {
    const link = open((await broker()).address)
    await link.ready
    const asked = failureOf(ask(link))
    link.kill(ended)
    expect(await asked).toBe(ended)
    link.kill(new AlertError('ALERT_TIMEOUT', 'later'))
    expect(link.dead).toBe(ended)
  })

  it('waits while the broker asks us to be quiet', async () => {
    let throttle = 200
    const busy = await broker(({ apiKey }) => {
      if (apiKey !== METADATA) return undefined
      const answer = noTopics(throttle)
      throttle = 0
      return answer
    })
    const link = open(busy.address)
    await ask(link)
    const from = performance.now()
    await ask(link)
    expect(performance.now() - from).toBeGreaterThanOrEqual(195)
  })

  it('of a version that the broker does not speak is not sent', async () => {
    const { 22: _, ...without } = ALL_VERSIONS
    const some = await broker(({ apiKey }) => (apiKey === 18 ? versionsAnswer(without) : undefined))
    const link = open(some.address)
    const error = await failureOf(link.call('InitProducerId', { transactionalId: null, transactionTimeout: 1000 }))
    expect(error.message).toContain('the broker speaks no version of InitProducerId, 1 is needed')
    expect(link.dead).toBeUndefined()
  })
})

describe('authentication', () => {
  const secret = 'pa=ss,wörd/9+'
  const user: Credential = { mechanism: 'PLAIN', username: 'alice', password: secret }
  const handshake = (errorCode = 0): Buffer => new WireWriter().int16(errorCode).int32(2).string('PLAIN').string('SCRAM-SHA-512').build()
  const authenticated = (bytes: Buffer, { code = 0, said = null as string | null, lifetime = 0 } = {}): Buffer => {
    const tail = Buffer.alloc(8)
    tail.writeBigInt64BE(BigInt(lifetime))
    return new WireWriter().int16(code).string(said).int32(bytes.length).raw(bytes).raw(tail).build()
  }
  const answering =
    (authenticate: (request: FakeRequest) => Buffer) =>
    (request: FakeRequest): Buffer | undefined => {
      if (request.apiKey === SASL_HANDSHAKE) return handshake()
      if (request.apiKey === SASL_AUTHENTICATE) return authenticate(request)
      return request.apiKey === METADATA ? noTopics() : undefined
    }
  const forms = [secret, Buffer.from(secret).toString('base64'), encodeURIComponent(secret), Buffer.from(secret).toString('hex')]
  const holdsSecret = (error: AlertError): boolean => forms.some(form => inspect(error, { depth: 10, showHidden: true }).includes(form))

  it('by PLAIN sends what RFC 4616 says', async () => {
    let sent = Buffer.alloc(0)
    const peer = await broker(
      answering(({ body }) => {
        sent = Buffer.from(body.bytes(body.int32()))
        return authenticated(Buffer.alloc(0))
      }),
    )
    await open(peer.address, { credentials: () => user }).ready
    expect(sent.toString()).toBe(`\0alice\0${secret}`)
  })

  it('that is refused names user and mechanism, never the password', async () => {
    for (const said of ['Authentication failed', ...forms.map(form => `no such user or password: ${form}`)]) {
      const peer = await broker(answering(() => authenticated(Buffer.alloc(0), { code: 58, said })))
      const error = await failureOf(open(peer.address, { credentials: () => user }).ready)
      expect(error).toMatchObject({
        code: 'ALERT_CREDENTIALS',
        kafka: 'SASL_AUTHENTICATION_FAILED',
        message: expect.stringContaining('PLAIN as "alice"'),
      })
      expect(holdsSecret(error)).toBe(false)
    }
  })

  it('by a mechanism that the broker has not is refused, with those that it has', async () => {
    const peer = await broker(({ apiKey }) => (apiKey === SASL_HANDSHAKE ? handshake(33) : undefined))
    const error = await failureOf(open(peer.address, { credentials: () => user }).ready)
    expect(error).toMatchObject({ code: 'ALERT_CREDENTIALS', message: expect.stringContaining('it offers PLAIN, SCRAM-SHA-512') })
  })

  it('at a port without it is a matter of protocol', async () => {
    const peer = await broker(({ apiKey }) => (apiKey === SASL_HANDSHAKE ? handshake(34) : undefined))
    expect(await failureOf(open(peer.address, { credentials: () => user }).ready)).toMatchObject({
      code: 'ALERT_PROTOCOL',
      kafka: 'ILLEGAL_SASL_STATE',
    })
  })

  it('that breaks is a broken connection, not a refusal', async () => {
    const peer = await broker(request => {
      if (request.apiKey === SASL_AUTHENTICATE) request.socket.destroy()
      return request.apiKey === SASL_HANDSHAKE ? handshake() : undefined
    })
    expect(await failureOf(open(peer.address, { credentials: () => user }).ready)).toMatchObject({ code: 'ALERT_CONNECTION' })
  })

  it('by SCRAM does not believe a broker that cannot prove that it knows the password', async () => {
    const peer = await broker(
      answering(({ body }) => {
        const message = body.bytes(body.int32()).toString()
        const nonce = /r=([^,]*)/.exec(message)?.[1]
        const salt = Buffer.from('salt').toString('base64')
        return authenticated(
          Buffer.from(message.startsWith('n,,') ? `r=${nonce}server,s=${salt},i=4096` : `v=${Buffer.from('forged').toString('base64')}`),
        )
      }),
    )
    const error = await failureOf(open(peer.address, { credentials: () => ({ ...user, mechanism: 'SCRAM-SHA-512' }) }).ready)
    expect(error).toMatchObject({ code: 'ALERT_PROTOCOL', message: expect.stringContaining('Invalid server signature') })
    expect(holdsSecret(error)).toBe(false)
  })

  describe('by a bearer token', () => {
    const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlIG9mIGl0'
    const bearer = (refused?: () => void): Credential => ({ mechanism: 'OAUTHBEARER', username: 'alice', token, refused })
    const offering = (...mechanisms: string[]): Buffer =>
      mechanisms
        .reduce(
          (writer, name) => writer.string(name),
          new WireWriter().int16(mechanisms.includes('OAUTHBEARER') ? 0 : 33).int32(mechanisms.length),
        )
        .build()

    /** Answers the messages of the exchange one after the other; they are kept. */
    async function exchange(...answers: Buffer[]): Promise<{ address: string; sent: string[] }> {
      const sent: string[] = []
      const { address } = await broker(request => {
        if (request.apiKey === SASL_HANDSHAKE) return offering('OAUTHBEARER')
        if (request.apiKey === SASL_AUTHENTICATE) {
          sent.push(Buffer.from(request.body.bytes(request.body.int32())).toString())
          return answers[sent.length - 1]
        }
        return request.apiKey === METADATA ? noTopics() : undefined
      })
      return { address, sent }
    }

    it('sends what RFC 7628 says', async () => {
      const { address, sent } = await exchange(authenticated(Buffer.alloc(0)))
      await open(address, { credentials: () => bearer() }).ready
      expect(sent).toEqual([`n,,\x01auth=Bearer ${token}\x01\x01`])
    })

    it('that is refused tells the status, answers as it should, and says so to whoever gave the token', async () => {
      const refused = vi.fn()
      const challenge = '{"status":"invalid_token","scope":"kafka","openid-configuration":"https://t.invalid/.well-known","other":"x"}'
      const { address, sent } = await exchange(
        authenticated(Buffer.from(challenge)),
        authenticated(Buffer.alloc(0), { code: 58, said: challenge }),
      )
      const error = await failureOf(open(address, { credentials: () => bearer(refused) }).ready)
      expect(error).toMatchObject({ code: 'ALERT_CREDENTIALS', kafka: 'SASL_AUTHENTICATION_FAILED' })
      const told = 'OAUTHBEARER as "alice" (status invalid_token, scope kafka, openid-configuration https://t.invalid/.well-known): '
      expect(error.message).toContain(told)
      expect(error.message).toContain('check that it trusts')
      expect(sent).toEqual([`n,,\x01auth=Bearer ${token}\x01\x01`, '\x01'])
      expect(refused).toHaveBeenCalledOnce()
    })

    it('that is refused without an error behind it is refused', async () => {
      const { address } = await exchange(authenticated(Buffer.from('{"status":"invalid_token"}')), authenticated(Buffer.alloc(0)))
      const error = await failureOf(open(address, { credentials: () => bearer() }).ready)
      expect(error).toMatchObject({ code: 'ALERT_CREDENTIALS', message: expect.stringContaining('(status invalid_token)') })
    })

    it.each([
      ['the token', token],
      ['its claims', token.split('.')[1]!],
      ['its signature in base64', Buffer.from(token.split('.')[2]!).toString('base64')],
    ])('that is refused with %s never shows it', async (_, said) => {
      const challenge = JSON.stringify({ status: `no: ${said}` })
      const { address } = await exchange(
        authenticated(Buffer.from(challenge)),
        authenticated(Buffer.alloc(0), { code: 58, said: challenge }),
      )
      const error = await failureOf(open(address, { credentials: () => bearer() }).ready)
      expect(error.message).toContain('holds a secret and is not shown')
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(said)
    })

    it('where the broker takes none names what it takes, and does not blame the token', async () => {
      const refused = vi.fn()
      const peer = await broker(({ apiKey }) => (apiKey === SASL_HANDSHAKE ? offering('PLAIN') : undefined))
      const error = await failureOf(open(peer.address, { credentials: () => bearer(refused) }).ready)
      expect(error).toMatchObject({ code: 'ALERT_CREDENTIALS', message: expect.stringContaining('it offers PLAIN') })
      expect(refused).not.toHaveBeenCalled()
    })
  })

  it('asks for the credentials at each connection', async () => {
    const peer = await broker(answering(() => authenticated(Buffer.alloc(0))))
    const credentials = vi.fn(async () => user)
    await open(peer.address, { credentials }).ready
    await open(peer.address, { credentials }).ready
    expect(credentials).toHaveBeenCalledTimes(2)
  })

  it('is left out when there are no credentials', async () => {
    const peer = await broker(answering(() => authenticated(Buffer.alloc(0))))
    await open(peer.address, { credentials: async () => undefined }).ready
    expect(peer.requests.some(({ apiKey }) => apiKey === SASL_HANDSHAKE)).toBe(false)
  })

  it('fails, not for the broker, when the credentials cannot be had', async () => {
    const peer = await broker()
    const credentials = (): never => {
      throw new Error('the token server is away')
    }
    expect(await failureOf(open(peer.address, { credentials }).ready)).toMatchObject({
      code: 'ALERT_CONNECTION',
      message: expect.stringContaining('the token server is away'),
    })
    const never = (): Promise<Credential> => new Promise(() => {})
    const error = await failureOf(open(peer.address, { credentials: never, connectTimeout: 100 }).ready)
    expect(error).toMatchObject({ code: 'ALERT_TIMEOUT', message: expect.stringContaining('for the credentials') })
  })

  it('is renewed in the last quarter of the session; requests wait meanwhile', async () => {
    // A quarter of it is what a busy machine may be late.
    const lifetime = 1_600
    const times: number[] = []
    const order: number[] = []
    const peer = await broker(request => {
      order.push(request.apiKey)
      if (request.apiKey === SASL_AUTHENTICATE) times.push(performance.now())
      return answering(() => authenticated(Buffer.alloc(0), { lifetime }))(request)
    })
    const link = open(peer.address, { credentials: () => user })
    await link.ready
    while (times.length < 3) await ask(link)
    for (const [i, time] of times.entries()) {
      if (i === 0) continue
      expect(time - times[i - 1]!).toBeGreaterThan(lifetime * 0.6)
      expect(time - times[i - 1]!).toBeLessThan(lifetime)
    }
    for (const [i, key] of order.entries()) if (key === SASL_HANDSHAKE) expect(order[i + 1]).toBe(SASL_AUTHENTICATE)
  })

  it('of another user is not a renewal: the link is given up', async () => {
    const peer = await broker(answering(() => authenticated(Buffer.alloc(0), { lifetime: 100 })))
    let username = 'alice'
    const link = open(peer.address, { credentials: () => ({ ...user, username }) })
    await link.ready
    username = 'bob'
    await expect.poll(() => link.dead?.code).toBe('ALERT_CONNECTION')
    expect(link.dead?.message).toContain('other credentials')
  })

  it('that is refused at its renewal kills the link', async () => {
    let code = 0
    const peer = await broker(answering(() => authenticated(Buffer.alloc(0), { code, lifetime: 100 })))
    const link = open(peer.address, { credentials: () => user })
    await link.ready
    code = 58
    await expect.poll(() => link.dead?.code).toBe('ALERT_CREDENTIALS')
  })
})
