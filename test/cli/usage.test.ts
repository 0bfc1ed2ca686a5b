import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { closedPort } from '../bed/ports.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { command, type Ended, run } from './child.ts'

async function file(name: string, text: string, mode = 0o600): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-cli-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const path = join(directory, name)
  await writeFile(path, text, { mode })
  return path
}

/** One line on stderr, nothing on stdout, no stack. */
function expectError({ code, out, err }: Ended, exit: number, ...texts: readonly string[]): void {
  expect({ code, out }).toEqual({ code: exit, out: '' })
  expect(err.match(/\n/g), err).toHaveLength(1)
  expect(err).toMatch(/^igwn-alert-rx: .*\n$/)
  expect(err).not.toMatch(/^\s+at /m)
  for (const text of texts) expect(err).toContain(text)
}

describe.concurrent('help', () => {
  it('names commands, flags and exit codes', async () => {
    const { code, out, err } = await run(['--help'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    for (const text of [
      'listen',
      'topics',
      'send',
      'demo',
      '-g, --group',
      '-s, --server',
      '-p, --port',
      '-c, --consumer-group',
      '--no-auth',
      'Exit codes:',
      '130  Ctrl-C',
    ])
      expect(out).toContain(text)
  })

  it('of a command names its flags, the common ones too', async () => {
    const { code, out } = await run(['listen', '--help'])
    expect(code).toBe(0)
    for (const text of ['--json', '--from', '--until-end', '--count', '--tests', '-g, --group', '-s, --server', '-c, --consumer-group'])
      expect(out).toContain(text)
    expect(out).not.toMatch(/--pass|--user/)
  })

  it('is shown without a command, which is wrong usage', async () => {
    const { code, out, err } = await run([])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('Usage: igwn-alert-rx')
  })

  it('the version', async () => {
    expect(await run(['-V'])).toEqual({ code: 0, out: `${packageJson.version}\n`, err: '' })
  })
})

describe.concurrent('wrong usage: exit code 2, one line', () => {
  test.each<[string[], string]>([
    [['lisen'], "unknown command 'lisen' (Did you mean listen?) (--help shows how)"],
    [['listen', '--jsn'], "unknown option '--jsn' (Did you mean --json?)"],
    [['topics', 'superevent'], "too many arguments for 'topics'"],
    [['send'], "missing required argument 'topic'"],
    [['send', 'superevent'], "missing required argument 'files'"],
    [['listen', '--count', '0'], 'It is a whole number from 1.'],
    [['listen', '--from', 'yesterday'], 'It is earliest, latest or a date such as 2025-08-18T02:00:00Z.'],
    [['listen', '--tests', 'some'], 'Allowed choices are exclude, include, only'],
    [['topics', '-p', '9092x'], 'It is a whole number from 1.'],
    [['-p', '99999', 'topics'], 'port must be a whole number from 1 to 65535, got 99999'],
    [['topics', '-s', 'kafka.scimma.org'], "must start with 'kafka://', got 'kafka.scimma.org'. Write 'kafka://kafka.scimma.org/'"],
    [['topics', '-s', 'kafka://h.invalid:9093/', '-p', '9092'], 'server names port 9093, the option port is 9092'],
    [['topics', '--no-auth', '--authfile', 'x'], 'noauth and authfile contradict each other'],
    [['--no-auth', '-g', 'a b', 'topics'], "group is 'a b'"],
    [['listen', '--no-auth', '-c', 'g', '--from', '2025-08-18'], 'consumerGroup and from: a Date contradict each other'],
    [['--no-auth', '-c', '', 'listen'], "consumerGroup is ''. Give a text that is not empty"],
    [['--no-auth', 'listen', 'super event'], "Not a topic's name: 'super event'"],
    [['topics'], 'no credentials for kafka.scimma.org:9092: there is no auth.toml in /nonexistent/hop'],
    [['topics'], 'or --no-auth for an unauthenticated session'],
  ])('%j', async (args, text) => expectError(await run(args), 2, text))

  it('a password never goes on the command line, and is not repeated', async () => {
    const tries = await Promise.all([
      run(['-s', `kafka://alice:${encodeURIComponent(CANARY)}@h.invalid/`, 'topics']),
      run(['topics', '--server', `kafka://alice:${CANARY}@h.invalid/`]),
      run(['topics', `--password=${CANARY}`]),
      run(['topics', '--password', CANARY]),
    ])
    expectNoSecret(CANARY, ...tries)
    expectError(tries[0], 2, 'server holds a password')
    expectError(tries[1], 2, 'server holds a password')
    expectError(tries[2], 2, "unknown option '--password'")
  })

  it('an auth.toml that others can read, as one line', async () => {
    const path = await file('auth.toml', `[[auth]]\nusername = "alice"\npassword = ${JSON.stringify(CANARY)}`, 0o644)
    const ended = await run(['topics', '--authfile', path])
    expectError(ended, 2, 'has unsafe permissions: 100644')
    expectNoSecret(CANARY, ended)
  })

  it('files of `send`', async () => {
    const broken = await file('half.json', '{"superevent_id": "S1')
    expectError(await run(['--no-auth', 'send', 't', '/nonexistent/a.json']), 2, '/nonexistent/a.json cannot be read: ENOENT')
    expectError(await run(['--no-auth', 'send', 't', broken]), 2, `${broken} is not JSON`, '--blob sends any bytes as they are')
    expectError(await run(['--no-auth', 'send', 't', '-'], { stdin: 'not JSON' }), 2, '- is not JSON')
  })
})

describe.concurrent('an unreachable server: exit code 1, one line', () => {
  const server = async (): Promise<string> => `kafka://127.0.0.1:${await closedPort()}/`

  it('topics, the flags before and after the command', async () => {
    const [before, after] = [await server(), await server()]
    expectError(await run(['--no-auth', '-s', before, 'topics']), 1, before.slice(8, -1))
    expectError(await run(['topics', '-s', after, '--no-auth', '-g', 'x']), 1, after.slice(8, -1))
    const port = await closedPort()
    expectError(await run(['--no-auth', '-s', 'kafka://127.0.0.1/', 'topics', '--port', String(port)]), 1, `127.0.0.1:${port}`)
  })

  it('send says it at once, not when the time for the delivery is over', async () => {
    const url = await server()
    expectError(await run(['send', '--no-auth', '-s', url, 't', '-'], { stdin: '{}' }), 1, url.slice(8, -1))
  })

  it('listen tries on, and ends with Ctrl-C: exit code 0', async () => {
    const listener = command(['listen', '--no-auth', '-s', await server(), 't'])
    await expect.poll(listener.err, { timeout: 20_000 }).toMatch(/\n$/)
    expect(listener.err()).toMatch(/^igwn-alert-rx: cannot reach 127\.0\.0\.1:\d+ yet: .*Tried again for connectTimeout, 30000 ms\n$/)
    listener.process.kill('SIGINT')
    expect(await listener.ended).toMatchObject({ code: 0, out: '' })
  })
})
