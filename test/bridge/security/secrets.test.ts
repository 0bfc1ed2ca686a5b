import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createBridge, serveBridge, tokenFile } from '../../../src/bridge.ts'
import { ConfigError, IgwnAlertClient, type Logger } from '../../../src/index.ts'
import { closedPort } from '../../bed/ports.ts'
import { CANARY, expectNoSecret } from '../../support/canary.ts'
import { events } from '../serve.ts'
import { raw, server } from './rig.ts'

/** A token that an HTTP header can carry. */
const TOKEN = `canary-token.${'q7'.repeat(12)}`
const PATHS = ['stream', 'stream?topics=superevent', 'topics', 'health', 'metrics', 'blob/gracedb.superevent/0/0?path=/a', 'nowhere']

function keeping(): { readonly logger: Logger; readonly logged: unknown[] } {
  const logged: unknown[] = []
  const note = (fields: object, message: string): void => void logged.push(fields, message)
  return { logger: { debug: note, info: note, warn: note, error: note }, logged }
}

/** All that is answered, heads and bodies. */
async function answers(url: string, headers: Record<string, string>): Promise<string[]> {
  return Promise.all(
    PATHS.map(async path => {
      const abort = new AbortController()
      const response = await fetch(`${url}/${path}`, { headers, signal: abort.signal })
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false
      const reader = response.body!.getReader()
      let text = inspect([...response.headers])
      for (
        let read = await reader.read();
        read.value;
        read = isStream && text.includes('event: hello') ? { done: true, value: undefined } : await reader.read()
      )
        text += new TextDecoder().decode(read.value)
      abort.abort()
      return text
    }),
  )
}

describe("Kafka's credentials", () => {
  it('are in no answer and no log line of the bridge, reached or not', async () => {
    const { logger, logged } = keeping()
    const address = `127.0.0.1:${await closedPort()}`
    const client = new IgwnAlertClient({ server: `kafka://${address}/`, tls: false, username: 'alice', password: CANARY, logger })
    const bridge = createBridge({ streams: { client, topics: ['superevent'] }, logger })
    const { url, close } = await serveBridge(bridge, { port: 0 })
    onTestFinished(async () => {
      await close()
      await client.close()
    })
    await expect.poll(() => logged.length).toBeGreaterThan(0)
    const answered = await answers(url, {})
    expect(answered.join('\n')).toContain(address)
    const replay = await (await fetch(`${url}/stream?from=earliest`)).text()
    expectNoSecret(CANARY, ...answered, replay, ...logged, bridge, inspect(bridge, { depth: 12, showHidden: true }))
    expect(JSON.stringify(bridge)).not.toContain('alice')
  })
})

describe('a token', () => {
  it('is in no answer, no log line, no event and no metric, granted or refused', async () => {
    const { logger, logged } = keeping()
    const seen: string[] = []
    const served = await server({
      logger,
      authorize: ({ token = '', topic }) => {
        seen.push(token)
        return topic.topic === 'superevent'
      },
    })
    served.append('superevent', { a: 'x'.repeat(20_000) })
    const ways: Record<string, string>[] = [{ authorization: `Bearer ${TOKEN}` }, { cookie: `igwn-alert-rx=${TOKEN}` }]
    for (const headers of ways) {
      expectNoSecret(TOKEN, ...(await answers(served.url, headers)))
      const stream = await events(`${served.url}/stream?topics=superevent,secret`, headers)
      served.append('superevent', 1)
      await expect.poll(() => stream.of('record').length).toBeGreaterThan(0)
      expectNoSecret(TOKEN, stream.got)
      stream.stop()
    }
    // What is no request, and holds a token.
    expectNoSecret(TOKEN, await raw(served.port, `GET /${TOKEN}\0 HTTP/1.1\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`).closed)
    expectNoSecret(TOKEN, await (await fetch(`${served.url}/stream?token=${TOKEN}&from=${TOKEN}`)).text())
    expect(seen).toContain(TOKEN)
    expectNoSecret(TOKEN, ...logged, await served.refusals())
  })

  it('is not in what the bridge says of an authorize() that throws', async () => {
    const { logger, logged } = keeping()
    class LookUpFailed extends Error {}
    const served = await server({
      logger,
      authorize: ({ token }) => {
        throw new LookUpFailed(`postgres://bridge:${CANARY}@db.invalid has no ${token}`, { cause: CANARY })
      },
    })
    const answered = await answers(served.url, { authorization: `Bearer ${TOKEN}` })
    for (const secret of [TOKEN, CANARY]) expectNoSecret(secret, ...answered, ...logged)
    expect(logged).toContain('authorize() failed, which counts as no: LookUpFailed, whose text may hold a secret; catch it there to see it')
  })

  it('is not in what is said of a token file that is wrong; but what is wrong is', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bridge-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const path = join(folder, 'tokens')
    await writeFile(path, `${TOKEN}\n`, { mode: 0o600 })
    const { logger, logged } = keeping()
    const served = await server({ logger, authorize: await tokenFile(path) })
    const authorization = `Bearer ${TOKEN}`
    expect((await fetch(`${served.url}/topics`, { headers: { authorization } })).status).toBe(200)
    await rm(path)
    expect((await fetch(`${served.url}/stream`, { headers: { authorization } })).status).toBe(403)
    expect(logged).toContain(`authorize() failed, which counts as no: there is no token file ${path}`)
    await writeFile(path, `${TOKEN}\n`, { mode: 0o644 })
    const error = await tokenFile(path).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConfigError)
    expectNoSecret(TOKEN, ...logged, error)
  })
})

it('what failed inside is in the log, not in the answer', async () => {
  const { logger, logged } = keeping()
  const served = await server({ logger })
  vi.spyOn(served.client, 'cursor').mockRejectedValue(new Error('the disk of broker 7 is full'))
  const response = await fetch(`${served.url}/blob/gracedb.superevent/0/5?path=/a`)
  expect([response.status, await response.json()]).toEqual([
    500,
    { error: { code: 'internal', message: 'the bridge failed; its log says why' } },
  ])
  expect(logged).toContain('the bridge could not answer: the disk of broker 7 is full')
})
