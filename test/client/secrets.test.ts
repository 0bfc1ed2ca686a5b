import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import { type AuthOptions, type ClientOptions, IgwnAlertClient, type Logger, type Status } from '../../src/index.ts'
import { closedPort } from '../bed/ports.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { configError, rejection } from './rig.ts'

const credential = { username: 'alice', password: CANARY }

async function authToml(text: string, mode = 0o600): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, 'auth.toml')
  await writeFile(path, text, { mode })
  return path
}

const entry = `[[auth]]\nusername = "alice"\npassword = ${JSON.stringify(CANARY)}\nprotocol = "SASL_PLAINTEXT"\n`

describe('a secret is nowhere', () => {
  test.each<[string, () => AuthOptions | Promise<AuthOptions>]>([
    ['username and password', () => credential],
    ['auth', () => ({ auth: credential })],
    ['auth, a list', () => ({ auth: [credential] })],
    ['auth, a function', () => ({ auth: async () => credential })],
    ['auth, a function that has a field', () => ({ auth: Object.assign(async () => credential, { secret: CANARY }) })],
    ['auth.toml', async () => ({ authfile: await authToml(entry) })],
  ])('%s', async (_how, auth) => {
    const logged: unknown[] = []
    const note = (fields: object, message: string): void => void logged.push(fields, message)
    const logger: Logger = { debug: note, info: note, warn: note, error: note }
    const options: ClientOptions = { ...(await auth()), server: `kafka://127.0.0.1:${await closedPort()}/`, tls: false, logger }
    const client = new IgwnAlertClient(options)
    const statuses: Status[] = []
    client.status$.subscribe(status => statuses.push(status))
    const stream = client.topic('t')
    const errors: unknown[] = []
    stream.subscribe({ error: error => errors.push(error) })
    const listener = client.listen(() => {}, 't')
    const sink = client.sink('t')
    errors.push(await rejection(client.getTopics()), await rejection(client.connect('t')), await rejection(client.cursor()))
    await expect.poll(() => statuses.some(({ type }) => type === 'reconnecting')).toBe(true)
    const open = inspect(client, { depth: 10, showHidden: true, getters: true })
    await Promise.all([client.close(), listener.done])
    errors.push(await rejection(sink.send(1)), await rejection(client.getTopics()))
    expect(open).toContain('IgwnAlertClient')
    expect(JSON.stringify(client)).toBe('{}')
    expect(errors).toHaveLength(5)
    expectNoSecret(CANARY, client, open, stream, listener, sink, ...statuses, ...logged, ...errors)
  })

  it('in what is said of options that contradict each other or are misplaced', async () => {
    const url = `kafka://alice:${encodeURIComponent(CANARY)}@h.invalid/`
    const wrong: object[] = [
      { ...credential, noauth: true },
      { ...credential, authfile: 'x' },
      { password: CANARY },
      { username: 'alice', password: { text: CANARY } },
      { auth: CANARY },
      { auth: { ...credential, passwrod: CANARY } },
      { auth: [{ user: 'alice', password: CANARY }] },
      { passwrod: CANARY },
      { server: url },
      { server: `kafka://alice:${CANARY}@h.invalid/` },
      { server: url.replace('kafka://', '') },
      { noauth: CANARY },
      { tls: CANARY },
      { tls: { passphrase: CANARY, key: 'x' } },
    ]
    expectNoSecret(CANARY, ...wrong.map(options => configError(() => new IgwnAlertClient(options))))
    const { message } = configError(() => new IgwnAlertClient({ server: url }))
    expect(message).toContain('server holds a password')
  })

  it('in what is said of a broken auth.toml', async () => {
    for (const [text, mode] of [
      [entry, 0o644],
      [`${entry}x = "${CANARY}`, 0o600],
      [`[[auth]]\npassword = ${JSON.stringify(CANARY)}`, 0o600],
    ] as const) {
      const client = new IgwnAlertClient({ authfile: await authToml(text, mode), server: 'kafka://h.invalid/' })
      expectNoSecret(CANARY, await rejection(client.getTopics()), await rejection(client.publish('t', 1)))
      await client.close()
    }
  })
})
