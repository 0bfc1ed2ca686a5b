import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import { closedPort } from '../bed/ports.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { command, type Ended } from './child.ts'
import { runHere } from './here.ts'

/** Processes that are started while the machine has other work. */
const PATIENT = 60_000

async function tokens(text: string, mode = 0o600): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-cli-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'tokens')
  await writeFile(path, text, { mode })
  return path
}

/** One line on stderr, nothing on stdout. */
function expectError({ code, out, err }: Ended, exit: number, ...texts: readonly string[]): void {
  expect({ code, out }).toEqual({ code: exit, out: '' })
  expect(err).toMatch(/^igwn-alert-rx: [^\n]*\n$/)
  for (const text of texts) expect(err).toContain(text)
}

/** A broker that is not there: the bridge serves, and tries on. */
const away = async (): Promise<string[]> => ['--no-auth', '-l', 'error', '-s', `kafka://127.0.0.1:${await closedPort()}/`]

/** The command, listening at a port; nothing is behind it. */
async function serving(...args: readonly string[]) {
  const child = command([...(await away()), 'bridge', 'superevent', ...args])
  onTestFinished(() => void child.process.kill('SIGKILL'))
  await expect.poll(child.out, { timeout: PATIENT }).toMatch(/\n/)
  return { ...child, url: / at (http:\S+)\/stream/.exec(child.out())![1]! }
}

describe('bridge: its help', () => {
  it('has every flag, and an example', async () => {
    const { code, out } = await runHere(['bridge', '--help'])
    expect(code).toBe(0)
    for (const text of ['--host', '--allow-host', '--port', '--origin', '--token-file', '--tests', 'curl -N http://127.0.0.1:8080/stream'])
      expect(out).toContain(text)
  })
})

describe('bridge: wrong usage, exit code 2, one line', () => {
  test.each([
    [['--origin', 'example.org'], "'example.org' is no origin"],
    [['--origin', 'https://*.example.org'], 'is no origin'],
    [['--allow-host', 'https://example.org'], "'https://example.org' is no host"],
    [['--host', '0.0.0.0'], 'by which names it may be called is not said. --allow-host NAME says it'],
    [['--host', '::'], '--allow-host NAME says it'],
    [['--port', '0'], 'It is a whole number from 1'],
    [['--tests', 'some'], 'Allowed choices are exclude, include, only'],
    [['--token-file', '/nonexistent/tokens'], 'there is no token file /nonexistent/tokens'],
  ])('%j', async (args, text) => expectError(await runHere([...(await away()), 'bridge', 't', ...args]), 2, text))

  it('a token file without a token, or readable by others; no token is repeated', async () => {
    const [empty, open] = [await tokens('# none\n'), await tokens(`${CANARY}\n`, 0o644)]
    expectError(await runHere([...(await away()), 'bridge', '--token-file', empty]), 2, 'holds no token', 'openssl rand -hex 24')
    const ended = await runHere([...(await away()), 'bridge', '--token-file', open])
    expectError(ended, 2, 'can be read by others', `chmod 0600 ${open}`)
    expectNoSecret(CANARY, ended)
  })

  it('a token is no argument: it would be in the list of processes', async () => {
    const ended = await runHere([...(await away()), 'bridge', `--token=${CANARY}`])
    expectError(ended, 2, "unknown option '--token'")
    expectNoSecret(CANARY, ended)
  })
})

describe('bridge: as a process', { timeout: PATIENT }, () => {
  it('a port that is taken: exit code 2, and it ends', async () => {
    const other = createServer()
    await new Promise<void>(resolve => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const { port } = other.address() as { port: number }
    const child = command([...(await away()), 'bridge', 't', '--port', String(port)])
    expectError(await child.ended, 2, `cannot listen at 127.0.0.1:${port}: EADDRINUSE`, 'Choose another port')
  })

  it('serves before the broker is reached, and says that it is not ready; SIGTERM ends it: exit code 0', async () => {
    const { url, process, ended } = await serving('--port', String(await closedPort()))
    const health = await fetch(`${url}/health`)
    expect([health.status, await health.json()]).toMatchObject([503, { status: 'not ready', streams: [{ status: 'connecting' }] }])
    const past = await fetch(`${url}/stream?from=earliest`)
    expect([past.status, past.headers.get('retry-after')]).toEqual([503, '5'])
    process.kill('SIGTERM')
    expect((await ended).code).toBe(0)
  })

  it('Ctrl-C ends it under a client: exit code 0, the client is told to come again', async () => {
    const { url, process, ended } = await serving('--port', String(await closedPort()), '--token-file', await tokens('right-token\n'))
    const ask = (token: string): Promise<Response> => fetch(`${url}/stream`, { headers: { authorization: `Bearer ${token}` } })
    expect((await ask('wrong-token')).status).toBe(403)
    const stream = await ask('right-token')
    expect(stream.status).toBe(200)
    process.kill('SIGINT')
    expect(await stream.text()).toContain('event: bye\ndata: {"reason":"closing"')
    expect(await ended).toMatchObject({ code: 0, err: '' })
  })

  it('--origin and --allow-host are taken', async () => {
    const port = String(await closedPort())
    const { url } = await serving('--port', port, '--origin', 'https://a.example', 'https://b.example', '--allow-host', '127.0.0.1')
    const statusOf = async (origin: string): Promise<number> => (await fetch(`${url}/topics`, { headers: { origin } })).status
    expect([await statusOf('https://a.example'), await statusOf('https://b.example'), await statusOf('https://c.example')]).toEqual([
      200, 200, 403,
    ])
    expect((await fetch(`http://localhost:${port}/topics`).catch(() => undefined))?.status).not.toBe(200)
  })
})
