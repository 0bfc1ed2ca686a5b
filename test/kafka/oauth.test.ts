import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AlertError,
  type Auth,
  type ClientOptions,
  handle,
  IgwnAlertClient,
  parseJson,
  type Status,
  silentLogger,
} from 'igwn-alert-rx'
import { lastValueFrom, toArray } from 'rxjs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { uniqueName } from '../bed/bedClient.ts'
import { OidcBed, SECRET, USER } from '../bed/oidcBed.ts'
import { until } from '../bed/run.ts'
import { expectNoSecret } from '../support/canary.ts'

const isFull = process.env['IGWN_ALERT_RX_FULL'] === 'true'
/** Of a token, ms. The long row lasts for six of them: 3 minutes, or 42 s. */
const LIFETIME = isFull ? 30_000 : 7_000

let bed: OidcBed
let topic: string
const open: IgwnAlertClient[] = []

beforeAll(async () => {
  bed = await OidcBed.start(LIFETIME)
})
afterAll(() => bed?.[Symbol.asyncDispose]())

beforeEach(async () => {
  topic = await bed.topic(uniqueName('bearer'))
  bed.oidc.asked.length = 0
  bed.oidc.behaviour = 'well'
})
afterEach(async () => {
  await Promise.all(open.splice(0).map(client => client.close()))
})

const byEndpoint = (): Auth => ({ username: USER, password: SECRET, tokenEndpoint: bed.oidc.tokenEndpoint, caFile: bed.caFile })

function clientOf(options: ClientOptions): IgwnAlertClient {
  const client = new IgwnAlertClient({ server: `kafka://${bed.server}/`, group: null, logger: silentLogger, ...options })
  open.push(client)
  return client
}

const allOf = (client: IgwnAlertClient): Promise<unknown[]> =>
  lastValueFrom(
    client.topic(topic, { from: 'earliest', untilEnd: true }).pipe(
      parseJson(),
      handle(async ({ payload }) => payload),
      toArray(),
    ),
  )

async function fatal(client: IgwnAlertClient): Promise<AlertError> {
  const error: unknown = await allOf(client).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({ fatal: true })
  return error as AlertError
}

const pass = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

describe('a token endpoint', () => {
  it('one request serves all connections of a client', async () => {
    const client = clientOf({ auth: byEndpoint() })
    await Promise.all(Array.from({ length: 20 }, (_, n) => client.publish(topic, { n })))
    expect(await Promise.all([allOf(client), allOf(client), allOf(client)])).toEqual(Array.from({ length: 3 }, () => expect.any(Array)))
    expect(await allOf(client)).toHaveLength(20)
    expect(bed.oidc.asked.map(({ status, body }) => [status, body])).toEqual([[200, 'grant_type=client_credentials']])
  })

  it('may have a certificate of an authority of its own', async () => {
    const client = clientOf({ auth: { ...byEndpoint(), tokenEndpoint: bed.oidc.secureTokenEndpoint } })
    await client.publish(topic, { n: 1 })
    expect(await allOf(client)).toEqual([{ n: 1 }])
    const stranger = clientOf({
      auth: { ...byEndpoint(), tokenEndpoint: bed.oidc.secureTokenEndpoint, caFile: bed.kafka.caFile },
    })
    const error = await fatal(stranger)
    expect(error.code).toBe('ALERT_TLS_TRUST')
    expect(error.message).toMatch(/token endpoint https:.*certificate.*ssl_ca_location/)
  })

  it(
    'that fails, is silent, slow and away for longer than a token lives costs no alert',
    async () => {
      const statuses: Status[] = []
      const client = clientOf({ auth: byEndpoint(), drainTimeout: 30_000 })
      client.status$.subscribe(status => statuses.push(status))
      const got: number[] = []
      const errors: unknown[] = []
      client
        .topic(topic, { from: 'earliest' })
        .pipe(
          parseJson<{ n: number }>(),
          handle(({ payload }) => void got.push(payload.n)),
        )
        .subscribe({ error: error => errors.push(error) })
      const sink = client.sink(topic)
      const sent: Promise<unknown>[] = []
      const timer = setInterval(() => sent.push(sink.send({ n: sent.length })), 50)
      const phases = [
        [{ status: 503 }, 0.5],
        ['well', 0.5],
        ['silent', 0.5],
        ['well', 0.5],
        [{ delay: 2_000 }, 1],
        [{ status: 503 }, 1.5],
        ['well', 0.5],
      ] as const
      const begun = Date.now()
      await pass(LIFETIME)
      // One token, and one in its stead before its end; the sessions were renewed by it on the same connections.
      expect(bed.oidc.asked.map(({ status }) => status)).toEqual([200, 200])
      expect(statuses.filter(({ type }) => type === 'reconnecting')).toEqual([])
      for (const [behaviour, lives] of phases) {
        bed.oidc.behaviour = behaviour
        await pass(lives * LIFETIME)
      }
      clearInterval(timer)
      await Promise.all(sent)
      await until(() => got.length >= sent.length, 'all that was sent')
      const given = bed.oidc.asked.filter(({ status }) => status === 200)
      const lives = (Date.now() - begun) / LIFETIME
      console.info(
        `${sent.length} written, ${got.length} read in ${lives.toFixed(1)} token lives: ${given.length} tokens, ${bed.oidc.asked.length} requests, ` +
          `${statuses.filter(({ type }) => type === 'reconnecting').length} reconnections`,
      )
      expect(got).toEqual(sent.map((_, n) => n))
      expect(errors).toEqual([])
      // Tokens are renewed after two thirds of their life; the requests that failed are at most 5 s apart in the long run.
      expect(given.length).toBeLessThanOrEqual(lives * 1.5 + 2)
      expect(bed.oidc.asked.length).toBeLessThanOrEqual(given.length + 10 + (3 * LIFETIME) / 2_500)
    },
    LIFETIME * 6 + 60_000,
  )

  it('that refuses the client: one clear fatal error, three requests', async () => {
    const wrong = 'another+secret/=%25 é'
    const error = await fatal(clientOf({ auth: { ...byEndpoint(), password: wrong } }))
    expect(error).toMatchObject({ code: 'ALERT_CREDENTIALS' })
    expect(error.message).toContain(`token endpoint ${bed.oidc.tokenEndpoint} refuses the client "alice" (HTTP 401): invalid_client`)
    expectNoSecret(wrong, error)
    expect(bed.oidc.asked.map(({ status }) => status)).toEqual([401, 401, 401])
  })

  it('that is away at the start is waited for', async () => {
    bed.oidc.behaviour = { status: 503, body: 'maintenance' }
    const client = clientOf({ auth: byEndpoint() })
    const written = client.publish(topic, { n: 1 })
    const read = allOf(client)
    await until(() => bed.oidc.asked.length >= 3, 'three requests')
    bed.oidc.behaviour = 'well'
    await Promise.all([written, read])
    expect(await allOf(client)).toEqual([{ n: 1 }])
  })

  it('that stays away is said after connectTimeout', async () => {
    bed.oidc.behaviour = { status: 503, body: `maintenance of ${SECRET}` }
    const error = await fatal(clientOf({ auth: byEndpoint(), connectTimeout: 1_500 }))
    expect(error.code).toBe('ALERT_UNREACHABLE')
    expect(error.message).toContain(`token endpoint ${bed.oidc.tokenEndpoint} gives no token (HTTP 503)`)
    expectNoSecret(SECRET, error)
  })

  it('whose secret is changed is taken up from auth.toml', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-oauth-'))
    const authfile = join(directory, 'auth.toml')
    const put = (secret: string): Promise<void> =>
      writeFile(authfile, entry({ password: secret, token_endpoint: bed.oidc.tokenEndpoint }), { mode: 0o600 })
    try {
      await put(SECRET)
      const client = clientOf({ authfile })
      await client.publish(topic, { n: 1 })
      bed.oidc.setSecret(USER, 'the next one')
      await put('the next one')
      await allOf(client)
      await client.publish(topic, { n: 2 })
      expect(await allOf(client)).toEqual([{ n: 1 }, { n: 2 }])
      expect(bed.oidc.asked.map(({ status }) => status)).toEqual([200, 200])
    } finally {
      bed.oidc.setSecret(USER, SECRET)
      await rm(directory, { recursive: true })
    }
  })
})

const entry = (more: Readonly<Record<string, string>>): string =>
  `[[auth]]\n${Object.entries({ username: USER, password: '', ssl_ca_location: bed.caFile, ...more })
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
    .join('')}`

describe('a token command', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-oauth-'))
  })
  afterEach(() => rm(directory, { recursive: true }))

  it('of auth.toml, run once for all connections', async () => {
    await writeFile(join(directory, 'token'), bed.oidc.token(USER))
    const command = `echo run >> '${directory}/runs'; cat '${directory}/token'`
    const authfile = join(directory, 'auth.toml')
    await writeFile(authfile, entry({ token_command: command }), { mode: 0o600 })
    const client = clientOf({ authfile })
    const { id } = await client.publish(topic, { n: 1 })
    const records = await lastValueFrom(client.topic(topic, { from: 'earliest', untilEnd: true }).pipe(toArray()))
    expect(records.map(record => [record.id, record.sender])).toEqual([[id, USER]])
    expect(await readFile(join(directory, 'runs'), 'utf8')).toBe('run\n')
  })

  it('given in code is known by the subject of its token', async () => {
    await writeFile(join(directory, 'token'), bed.oidc.token(USER))
    const client = clientOf({ auth: { tokenCommand: `cat '${directory}/token'`, caFile: bed.caFile } })
    await client.publish(topic, { n: 1 })
    const records = await lastValueFrom(client.topic(topic, { from: 'earliest', untilEnd: true }).pipe(toArray()))
    expect(records.map(({ sender }) => sender)).toEqual([USER])
  })
})

describe('a token of the function `auth`', () => {
  it('is asked for at each connection and at each renewal', async () => {
    const tokens: string[] = []
    const auth = (): Auth => {
      tokens.push(bed.oidc.token(USER, 2_000))
      return { username: USER, token: tokens.at(-1)!, caFile: bed.caFile }
    }
    const client = clientOf({ auth })
    const got: unknown[] = []
    client
      .topic(topic, { from: 'earliest' })
      .pipe(parseJson())
      .subscribe(({ payload }) => got.push(payload))
    await client.publish(topic, { n: 1 })
    await until(() => got.length === 1, 'the first alert')
    const asked = tokens.length
    await until(() => tokens.length >= asked + 4, 'renewals')
    await client.publish(topic, { n: 2 })
    await until(() => got.length === 2, 'the second alert')
  })

  it('that the broker refuses: its status is told, the token is not', async () => {
    const token = bed.oidc.token(USER, LIFETIME, { aud: 'somebody else' })
    const error = await fatal(clientOf({ auth: { username: USER, token, caFile: bed.caFile } }))
    expect(error).toMatchObject({ code: 'ALERT_CREDENTIALS', kafka: 'SASL_AUTHENTICATION_FAILED' })
    expect(error.message).toContain('OAUTHBEARER as "alice" (status invalid_token')
    for (const part of token.split('.')) expectNoSecret(part, error)
  })

  it('without the right to the topic is somebody without it', async () => {
    const token = bed.oidc.token('mallory')
    await expect(clientOf({ auth: { username: 'mallory', token, caFile: bed.caFile } }).publish(topic, {})).rejects.toThrow(
      /TOPIC_AUTHORIZATION|UNKNOWN_TOPIC/,
    )
  })
})

it('a password at the listener of tokens is refused with what it offers', async () => {
  const error = await fatal(clientOf({ auth: { username: USER, password: SECRET, caFile: bed.caFile } }))
  expect(error.message).toContain('it offers OAUTHBEARER')
})
