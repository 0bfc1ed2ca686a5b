import { describe, expect, it, test } from 'vitest'
import { createBridge } from '../../../src/bridge.ts'
import { IgwnAlertClient, silentLogger } from '../../../src/index.ts'
import { MemoryTransport } from '../../../src/testing.ts'
import { events } from '../serve.ts'
import { server, statusOf } from './rig.ts'

const GOOD = 'https://good.example'

describe('pages of other origins', () => {
  const evil = (port: number): Record<string, string> => ({
    another: 'https://evil.example',
    null: 'null',
    empty: '',
    'the good one as a subdomain': 'https://good.example.evil.com',
    'the good one as a suffix': 'https://notgood.example',
    'a subdomain of the good one': 'https://sub.good.example',
    'another port': 'https://good.example:444',
    'its own port': 'https://good.example:443',
    'another scheme': 'http://good.example',
    'a trailing dot': 'https://good.example.',
    'a trailing slash': 'https://good.example/',
    'upper case': 'https://GOOD.example',
    'user information': 'https://good.example@evil.com',
    'a second one': 'https://good.example, https://evil.example',
    'a look-alike letter': 'https://g\u043e\u043ed.example',
    'this host by https': `https://127.0.0.1:${port}`,
    'another port of this host': `http://127.0.0.1:${port === 1 ? 2 : port - 1}`,
    'another name of this host': `http://localhost:${port}`,
    'a file': 'file://',
    'an extension': 'chrome-extension://good.example',
    anything: '*',
  })

  it('get nothing, on every path, and are counted', async () => {
    const { port, refusals } = await server({ origins: [GOOD] })
    const names = Object.entries(evil(port))
    for (const [name, origin] of names) {
      for (const path of ['/stream', '/topics', '/metrics']) {
        const bytes = Buffer.from(origin).toString('latin1')
        const status = await statusOf(port, `GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, `Origin: ${bytes}`)
        expect([name, path, status]).toEqual([name, path, 403])
      }
    }
    expect(await refusals()).toEqual({ origin: names.length * 3 })
  })

  it('with a token get nothing either: it may be the cookie of the person in front of the page', async () => {
    const { url } = await server({ origins: [GOOD], authorize: () => true })
    for (const headers of [{ cookie: 'igwn-alert-rx=t' }, { authorization: 'Bearer t' }]) {
      const response = await fetch(`${url}/topics`, { headers: { ...headers, origin: 'https://evil.example' } })
      expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([403, null])
    }
  })

  it('are known where the browser sends no Origin: an image, a link', async () => {
    const { url } = await server()
    const statusFrom = async (site: string): Promise<number> =>
      (await fetch(`${url}/topics`, { headers: { 'sec-fetch-site': site } })).status
    expect(await Promise.all(['cross-site', 'same-site', 'same-origin', 'none'].map(statusFrom))).toEqual([403, 403, 200, 200])
  })
})

describe('an allowed origin', () => {
  it('may read, refusals too: a page has to know why', async () => {
    const { url } = await server({ origins: [GOOD], authorize: ({ token }) => token === 'right' })
    const stream = await events(`${url}/stream`, { origin: GOOD, authorization: 'Bearer right' })
    const refused = await fetch(`${url}/stream`, { headers: { origin: GOOD } })
    expect([stream.response.status, refused.status]).toEqual([200, 401])
    for (const { headers } of [stream.response, refused]) {
      expect(headers.get('access-control-allow-origin')).toBe(GOOD)
      expect(headers.get('access-control-expose-headers')).toBe('retry-after')
      expect(headers.get('vary')).toBe('Origin')
    }
  })

  it('is told before it asks what it may send', async () => {
    const { url } = await server({ origins: [GOOD] })
    const preflight = (origin: string): Promise<Response> =>
      fetch(`${url}/stream`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
      })
    const good = await preflight(GOOD)
    expect([good.status, await good.text()]).toEqual([204, ''])
    expect(Object.fromEntries(good.headers)).toMatchObject({
      'access-control-allow-origin': GOOD,
      'access-control-allow-methods': 'GET',
      'access-control-allow-headers': expect.stringContaining('authorization'),
    })
    const evil = await preflight('https://evil.example')
    expect(evil.status).toBe(403)
    expect(Object.keys(Object.fromEntries(evil.headers)).filter(name => name.startsWith('access-control'))).toEqual([])
  })

  it('is the own one without being named', async () => {
    const { url } = await server()
    const response = await fetch(`${url}/topics`, { headers: { origin: url } })
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, null])
  })
})

describe('hosts', () => {
  const ask = (port: number, ...hosts: readonly string[]): Promise<number> =>
    statusOf(port, 'GET /topics HTTP/1.1', ...hosts.map(host => `Host: ${host}`))

  it('are the names of this machine, of any port', async () => {
    const { port } = await server()
    for (const host of ['localhost', '127.0.0.1', '[::1]', 'LOCALHOST', `localhost:${port}`, '127.0.0.1:1', '[::1]:8080']) {
      expect([host, await ask(port, host)]).toEqual([host, 200])
    }
  })

  it('are no others: a page whose name was pointed at this machine gets nothing', async () => {
    const { port, refusals } = await server()
    const evil = [
      'evil.example',
      `evil.example:${port}`,
      'localhost.evil.example',
      'evil.localhost',
      'localhost.',
      'localhost:',
      'localhost:8080:8080',
      'user@localhost',
      'localhost/',
      '127.0.0.2',
      '127.1',
      '0.0.0.0',
      '2130706433',
      '::1',
      '[::1',
      '[::2]',
      '[::ffff:127.0.0.1]',
      '',
    ]
    for (const host of evil) expect([host, await ask(port, host)]).toEqual([host, 421])
    expect(await refusals()).toEqual({ wrong_host: evil.length })
  })

  it('are named once', async () => {
    const { port, refusals } = await server()
    expect(await ask(port, 'localhost', 'evil.example')).toBe(400)
    expect(await ask(port, 'evil.example', 'localhost')).toBe(400)
    expect(await refusals()).toEqual({ request: 2 })
    // HTTP/1.1 needs one: node:http says so by itself. HTTP/1.0 does not.
    expect(await ask(port)).toBe(400)
    expect(await statusOf(port, 'GET /topics HTTP/1.0')).toBe(421)
    expect(await statusOf(port, 'GET /topics HTTP/1.0', 'Host: localhost')).toBe(200)
  })

  it('are the ones of the option, and then no others', async () => {
    const { port } = await server({ hosts: ['Alerts.Example.org', 'other.example.org:8443'] })
    expect(
      await Promise.all(['alerts.example.org', 'ALERTS.example.org:99', 'other.example.org:8443'].map(host => ask(port, host))),
    ).toEqual([200, 200, 200])
    expect(
      await Promise.all(['localhost', 'other.example.org', 'xalerts.example.org', 'alerts.example.org.'].map(host => ask(port, host))),
    ).toEqual([421, 421, 421, 421])
  })
})

describe('options that would not do what they say', () => {
  const bridge = (options: { origins?: string[]; hosts?: string[] }) => () =>
    createBridge({ streams: { client: new IgwnAlertClient({ transport: new MemoryTransport() }) }, logger: silentLogger, ...options })
  test.each([
    '*',
    'null',
    'https://*.example.org',
    'https://example.org/',
    'example.org',
    'https://example.org:443',
    'https://Example.org',
  ])('origin %s', origin => expect(bridge({ origins: [origin] })).toThrow(`'${origin}' is no origin`))
  test.each(['*', 'https://example.org', 'example.org/', 'user@example.org', '::1', ''])('host %j', host =>
    expect(bridge({ hosts: [host] })).toThrow(`'${host}' is no host`),
  )
})

describe('tokens', () => {
  const authorize = ({ token }: { token: string | undefined }): boolean => token === 'right-token'
  const cases: readonly (readonly [string, Record<string, string>, number])[] = [
    ['in the header', { authorization: 'Bearer right-token' }, 200],
    ['in the header, as the scheme is written otherwise', { authorization: 'bearer  right-token' }, 200],
    ['in the cookie', { cookie: 'a=b; igwn-alert-rx=right-token; c=d' }, 200],
    ['none', {}, 401],
    ['wrong', { authorization: 'Bearer wrong-token' }, 403],
    ['of the header, wrong, though the cookie is right', { authorization: 'Bearer wrong-token', cookie: 'igwn-alert-rx=right-token' }, 403],
    ['of another scheme', { authorization: 'Basic right-token' }, 401],
    ['without a scheme', { authorization: 'right-token' }, 401],
    ['and more', { authorization: 'Bearer right-token x' }, 401],
    ['empty', { authorization: 'Bearer ' }, 401],
    ['half', { authorization: 'Bearer right' }, 403],
    ['in a cookie of another name', { cookie: 'xigwn-alert-rx=right-token; igwn-alert-rx2=right-token' }, 401],
    ['in a cookie whose value is another', { cookie: 'x="igwn-alert-rx=right-token"' }, 401],
    ['of 5 KB', { authorization: `Bearer ${'x'.repeat(5_000)}` }, 401],
  ]

  it.each(cases)('%s', async (_name, headers, status) => {
    const { url, refusals } = await server({ authorize })
    const abort = new AbortController()
    const response = await fetch(`${url}/stream`, { headers, signal: abort.signal })
    expect(response.status).toBe(status)
    expect(response.headers.get('www-authenticate')).toBe(status === 401 ? 'Bearer' : null)
    abort.abort()
    expect(await refusals()).toEqual(status === 200 ? {} : { [status === 401 ? 'token' : 'forbidden']: 1 })
  })

  it.each(['token', 'access_token', 'authorization', 'igwn-alert-rx'])('in the URL do not count: ?%s=', async name => {
    const { url } = await server({ authorize })
    expect((await fetch(`${url}/stream?${name}=right-token`)).status).toBe(401)
    expect((await fetch(`${url}/stream?${name}=Bearer%20right-token`)).status).toBe(401)
  })

  it('that throw, or answer with something else than true, are refused', async () => {
    const thrown = (): never => {
      throw new Error('no')
    }
    for (const bad of [thrown, async () => thrown(), () => 'yes' as unknown, () => 1 as unknown, () => undefined as unknown]) {
      const { url } = await server({ authorize: bad as () => boolean })
      expect((await fetch(`${url}/stream`, { headers: { authorization: 'Bearer x' } })).status).toBe(403)
    }
  })

  it('are asked of each topic; one that is not granted is nowhere', async () => {
    const { url, append } = await server({ authorize: ({ token, topic }) => token === 'admin' || topic.topic !== 'secret' })
    expect(await (await fetch(`${url}/topics`)).json()).toMatchObject({ topics: [{ topic: 'superevent' }] })
    const stream = await events(`${url}/stream`)
    append('secret', 'x')
    append('superevent', 1)
    await expect.poll(() => stream.payloads()).toEqual([1])
    expect(JSON.stringify(stream.got)).not.toContain('secret')
    expect(
      stream
        .of('cursor')
        .map(({ id }) => Buffer.from(id!, 'base64url').toString())
        .join(),
    ).not.toContain('secret')
    expect((await fetch(`${url}/stream?topics=secret`)).status).toBe(401)
  })

  it('that expire end the stream, those of others go on', async () => {
    const valid = new Set(['one', 'two'])
    const { url, append } = await server({ authorize: ({ token = '' }) => valid.has(token), reauthorize: 20 })
    const [one, two] = await Promise.all(['one', 'two'].map(token => events(`${url}/stream`, { authorization: `Bearer ${token}` })))
    valid.delete('one')
    await one!.ended
    append('superevent', 'later')
    await expect.poll(() => two!.payloads()).toEqual(['later'])
    expect([one!.of('bye').map(({ data }) => data['reason']), one!.payloads()]).toEqual([['expired'], []])
    expect((await fetch(`${url}/stream`, { headers: { authorization: 'Bearer one' } })).status).toBe(403)
  })
})
