import { describe, expect, it, test } from 'vitest'
import { type ClientOptions, type GcnOptions, gcn, IgwnAlertClient, scimma } from '../../src/index.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { configError } from './rig.ts'

const credential = { clientId: 'id-1', clientSecret: CANARY } as const

describe('scimma()', () => {
  it("is SCiMMA's server; credentials are found by the client", () => {
    expect(scimma()).toEqual({ server: 'kafka://kafka.scimma.org/' })
  })

  it('hands on what else is given, which wins; undefined is not given', () => {
    expect(scimma({ group: null, from: 'earliest', authfile: '/etc/auth.toml' })).toEqual({
      server: 'kafka://kafka.scimma.org/',
      group: null,
      from: 'earliest',
      authfile: '/etc/auth.toml',
    })
    expect(scimma({ server: 'kafka://alice@kafka.scimma.org/', port: undefined })).toEqual({ server: 'kafka://alice@kafka.scimma.org/' })
    expect(scimma({ server: undefined }).server).toBe('kafka://kafka.scimma.org/')
  })

  it.each<[unknown, string]>([
    [{ grup: 'gracedb' }, "IgwnAlertClient has no option 'grup'. Did you mean 'group'?"],
    [{ group: 'gracedb.' }, "group is 'gracedb.'"],
    ['gracedb', 'The options of IgwnAlertClient are '],
    [null, 'The options of IgwnAlertClient are null'],
  ])('refuses %j', (options, text) => expect(configError(() => scimma(options as ClientOptions)).message).toContain(text))
})

describe('gcn()', () => {
  it('is the server, the token endpoint, no group, and waits for topics', () => {
    const { auth, ...rest } = gcn(credential)
    expect(rest).toEqual({ server: 'kafka://kafka.gcn.nasa.gov/', group: null, missing: 'wait' })
    expect(auth).toMatchObject({ username: 'id-1', password: CANARY, tokenEndpoint: 'https://auth.gcn.nasa.gov/oauth2/token' })
  })

  it.each(['test.gcn.nasa.gov', 'dev.gcn.nasa.gov', 'gcn.invalid', 'localhost'])('of the domain %s', domain => {
    const { server, auth } = gcn({ ...credential, domain })
    expect(server).toBe(`kafka://kafka.${domain}/`)
    expect(auth).toMatchObject({ tokenEndpoint: `https://auth.${domain}/oauth2/token` })
  })

  it('hands on what else is given, which wins; undefined is not given', () => {
    const own = { server: 'kafka://127.0.0.1:9093/', group: 'gcn', missing: 'error', from: 'earliest', tls: { ca: 'PEM' } } as const
    expect(gcn({ ...credential, ...own })).toMatchObject(own)
    const none = { server: undefined, group: undefined, missing: undefined, domain: undefined, logger: undefined }
    const { auth: _, ...rest } = gcn({ ...credential, ...none })
    expect(rest).toEqual({ server: 'kafka://kafka.gcn.nasa.gov/', group: null, missing: 'wait' })
  })

  it.each<[string, object | undefined, string]>([
    ['nothing', undefined, 'gcn() got undefined. Give { clientId, clientSecret }'],
    ['no clientId', { clientId: undefined }, 'clientId must be text that is not empty, got undefined'],
    ['an empty secret', { clientSecret: '' }, 'clientSecret must be text that is not empty, got an empty one'],
    ['a secret that is no text', { clientSecret: 7 }, 'clientSecret must be text that is not empty, got number'],
    ['a URL as the domain', { domain: 'https://gcn.nasa.gov' }, "domain is not a host name. Give 'gcn.nasa.gov', 'test.gcn.nasa.gov'"],
    ['a port in the domain', { domain: 'gcn.nasa.gov:9092' }, 'domain is not a host name'],
    ['a path in the domain', { domain: 'gcn.nasa.gov/' }, 'domain is not a host name'],
    ['a user in the domain', { domain: 'me@gcn.nasa.gov' }, 'domain is not a host name'],
    ['a dot too many in the domain', { domain: 'gcn..nasa.gov' }, 'domain is not a host name'],
    ['an empty domain', { domain: '' }, 'domain is not a host name'],
    ['a domain that is no text', { domain: 7 }, 'domain is not a host name'],
    ['an unknown option', { topics: 'igwn.gwalert' }, "IgwnAlertClient has no option 'topics'"],
    ['a wrong one', { from: 'now' }, "from is 'now'"],
    ...(['auth', 'authfile', 'netrc', 'noauth', 'password', 'username'] as const).map((name): [string, object, string] => [
      name,
      { [name]: name === 'noauth' ? true : 'x' },
      `gcn(): ${name} and clientId contradict each other. Leave ${name} out`,
    ]),
  ])('refuses %s', (_what, wrong, text) => {
    const error = configError(() => gcn((wrong && { ...credential, ...wrong }) as GcnOptions))
    expect(error.message).toContain(text)
    expectNoSecret(CANARY, error)
  })

  it('has no other credentials in its type', () => {
    // @ts-expect-error username is not among them
    expect(() => gcn({ ...credential, username: 'alice' })).toThrow('username and clientId contradict each other')
  })

  it('does not say what stands where the domain should', () => {
    expectNoSecret(
      CANARY,
      configError(() => gcn({ ...credential, domain: CANARY })),
    )
  })

  it('shows its secret to nobody who prints the options', () => {
    const options = gcn(credential)
    expectNoSecret(CANARY, options, options.auth, { ...options }, structuredClone({ ...options.auth }))
  })
})

test.each<[string, ClientOptions]>([
  ['scimma()', scimma({ group: null, username: 'alice', password: CANARY })],
  ['gcn()', gcn(credential)],
])('a client takes the options of %s, and hides the secret', async (_name, options) => {
  await using client = new IgwnAlertClient(options)
  expectNoSecret(CANARY, client)
})
