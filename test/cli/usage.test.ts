import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, test } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { EXIT } from '../../src/cli/exit.ts'
import { createProgram } from '../../src/cli/program.ts'
import { closedPort } from '../bed/ports.ts'
import { CANARY, expectNoSecret } from '../support/canary.ts'
import { command, type Ended, run } from './child.ts'
import { runHere } from './here.ts'

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

/** Processes that are started while the machine has other work. */
const PATIENT = 60_000

/** Flags of all commands: the peer's, then ours. */
const COMMON = [
  '--no-auth',
  '-g, --group',
  '-c, --consumer-group',
  '-j, --jsonpp',
  '-l, --log',
  '-n, --netrc',
  '-p, --port',
  '-r, --retry-on-fatal',
  '-s, --server',
  '-t, --listen-retries',
  '-u, --username',
  '-w, --retry-wait',
  '-V, --version',
  '--no-group',
  '--authfile',
  '-v, --verbose',
]

describe('help', () => {
  it('names commands, flags and exit codes', async () => {
    const { code, out, err } = await runHere(['--help'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    for (const text of [
      'listen',
      'topics',
      'send',
      'auth',
      'doctor',
      'subscriptions',
      'unsubscribe',
      'demo',
      ...COMMON,
      'Exit codes:',
      '130  Ctrl-C',
    ])
      expect(out).toContain(text)
    expect(out).not.toMatch(/ subscribe |--pass/)
  })

  test.each<[string[], string[]]>([
    [['listen'], ['--json', '--from', '--until-end', '--count', '--tests']],
    [['topics'], []],
    [['send'], ['--test', '--key', '--format', '"avro", "blob", "circular", "gcntextnotice", "json", "voevent"', '--blob']],
    [['auth'], ['list', 'locate']],
    [['doctor'], ['--write', '--json']],
    [['auth', 'list'], []],
    [['auth', 'locate'], []],
    [['demo'], []],
  ])('of %j names its flags, the common ones too, and has an example', async (args, own) => {
    const { code, out, err } = await runHere([...args, '--help'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    for (const text of [...own, ...COMMON]) expect(out.replaceAll(/\s+/g, ' ')).toContain(text)
    expect(out).toMatch(/\nExamples?:\n {2}\$ .*igwn-alert-rx /)
  })

  it('says which flags are in seconds, and both spellings', async () => {
    const { out } = await runHere(['--help'])
    for (const text of ['--retry-wait <seconds>', '--retry_wait', '--listen_retries']) expect(out).toContain(text)
  })

  it('and docs/command.md name the same flags', async () => {
    const page = await readFile(new URL('../../docs/command.md', import.meta.url), 'utf8')
    const program = createProgram()
    const ours = program.commands.filter(command =>
      ['listen', 'topics', 'send', 'auth', 'subscriptions', 'unsubscribe', 'demo'].includes(command.name()),
    )
    expect(ours).toHaveLength(7)
    for (const command of ours) expect(page, command.name()).toMatch(new RegExp(`^\\| .*\`${command.name()}\\b`, 'm'))
    const flags = [program, ...ours].flatMap(({ options }) =>
      options.flatMap(({ short, long }) => [short, long].filter(flag => flag !== undefined)),
    )
    for (const flag of flags) expect(page, flag).toContain(`\`${flag}`)
    for (const code of Object.values(EXIT)) expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'))
  })

  it('is shown without a command, which is wrong usage', async () => {
    const { code, out, err } = await runHere([])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('Usage: igwn-alert-rx')
  })

  it('the version', async () => {
    expect(await runHere(['-V'])).toEqual({ code: 0, out: `${packageJson.version}\n`, err: '' })
  })
})

describe('wrong usage: exit code 2, one line', { timeout: PATIENT }, () => {
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
    [['subscribe', 'superevent'], "unknown command 'subscribe'. A subscription lives as long as the process that reads"],
    [['listen', '-l', 'loud'], 'Allowed choices are critical, error, warning, info, debug'],
    [['listen', '-w', '100ms'], 'It is a number of seconds, such as 0.1 or 30.'],
    [['listen', '-l', 'info', '-v'], "option '-v, --verbose' cannot be used with option '-l, --log <level>'"],
    [['--no-auth', '-u', 'alice', 'topics'], "noauth and the user 'alice' in server contradict each other"],
    [['-r', '-t', '0', '--no-auth', 'listen'], '--retry-on-fatal with --listen-retries 0 would never retry'],
    [['send', 't', 'f', '--format', 'fits'], 'Allowed choices are avro, blob, circular, gcntextnotice, json, voevent'],
    [['send', 't', 'f', '--format', 'json', '--blob'], "option '--blob' cannot be used with option '--format <name>'"],
    [['topics'], 'no credentials for kafka.scimma.org:9092: there is no auth.toml in /nonexistent/hop'],
    [['topics'], 'or --no-auth for an unauthenticated session'],
  ])('%j', async (args, text) => expectError(await runHere(args), 2, text))

  it('a password never goes on the command line, and is not repeated', async () => {
    const tries = [
      await runHere(['-s', `kafka://alice:${encodeURIComponent(CANARY)}@h.invalid/`, 'topics']),
      await runHere(['topics', '--server', `kafka://alice:${CANARY}@h.invalid/`]),
      await runHere(['topics', `--password=${CANARY}`]),
      await runHere(['topics', '--password', CANARY]),
    ] as const
    expectNoSecret(CANARY, ...tries)
    expectError(tries[0], 2, 'server holds a password')
    expectError(tries[1], 2, 'server holds a password')
    expectError(tries[2], 2, "unknown option '--password'")
  })

  it('an auth.toml that others can read, as one line', async () => {
    const path = await file('auth.toml', `[[auth]]\nusername = "alice"\npassword = ${JSON.stringify(CANARY)}`, 0o644)
    const ended = await runHere(['topics', '--authfile', path])
    expectError(ended, 2, 'has unsafe permissions: 100644')
    expectNoSecret(CANARY, ended)
  })

  it('files of `send`', async () => {
    const broken = await file('half.json', '{"superevent_id": "S1')
    expectError(await runHere(['--no-auth', 'send', 't', '/nonexistent/a.json']), 2, '/nonexistent/a.json cannot be read: ENOENT')
    expectError(await runHere(['--no-auth', 'send', 't', broken]), 2, `${broken} is not JSON`, '--format blob sends any bytes as they are')
    expectError(await run(['--no-auth', 'send', 't', '-'], { stdin: 'not JSON' }), 2, '- is not JSON')
  })
})

describe('what means nothing across processes: exit code 1, one line', () => {
  test.each([
    [['subscriptions'], 'there is none to list', 'topics lists what may be read'],
    [['unsubscribe'], 'there is nothing to unsubscribe from', 'Ctrl-C ends it'],
    [['-g', 'x', 'unsubscribe', 'superevent', '--no-auth'], 'there is nothing to unsubscribe from', 'listen TOPIC... reads'],
  ])('%j', async (args, ...texts) => expectError(await runHere(args), 1, ...texts))
})

describe('credentials', () => {
  const toml = `[[auth]]
username = "alice"
password = ${JSON.stringify(CANARY)}
hostname = "kafka.scimma.org"

[[auth]]
username = "a-client-id"
password = ${JSON.stringify(CANARY)}
protocol = "SASL_PLAINTEXT"
mechanism = "PLAIN"
`

  it('list: whose, for which server, how; no secrets', async () => {
    const ended = await runHere(['auth', 'list', '--authfile', await file('auth.toml', toml)])
    expect(ended).toEqual({
      code: 0,
      out: 'alice        for kafka.scimma.org  SCRAM-SHA-512  SASL_SSL\na-client-id  for any server  PLAIN  SASL_PLAINTEXT\n',
      err: '',
    })
    expectNoSecret(CANARY, ended)
  })

  it('list: a file that is not there, or readable by others', async () => {
    expectError(await runHere(['auth', 'list', '--authfile', '/nonexistent/auth.toml']), 2, '/nonexistent/auth.toml')
    const ended = await runHere(['--authfile', await file('auth.toml', toml, 0o644), 'auth', 'list'])
    expectError(ended, 2, 'has unsafe permissions: 100644')
    expectNoSecret(CANARY, ended)
  })

  it('locate: where they are looked for', async () => {
    const path = await file('.netrc', '')
    const { code, out, err } = await runHere(['auth', 'locate'], { NETRC: path })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('/nonexistent/hop/auth.toml')
    expect(out).toContain(path)
  })
})

describe.concurrent('the process has that exit code', { timeout: PATIENT }, () => {
  test.each<[number, string[]]>([
    [0, ['--help']],
    [0, ['-V']],
    [1, ['subscriptions']],
    [2, ['lisen']],
  ])('%i: %j', async (code, args) => {
    const ended = await run(args)
    expect(ended.code).toBe(code)
    if (code > 0) expectError(ended, code)
  })
})

describe('an unreachable server: exit code 1, one line', { timeout: PATIENT }, () => {
  const server = async (): Promise<string> => `kafka://127.0.0.1:${await closedPort()}/`

  it('topics, the flags before and after the command', async () => {
    const [before, after] = [await server(), await server()]
    expectError(await runHere(['--no-auth', '-s', before, 'topics']), 1, before.slice(8, -1))
    expectError(await runHere(['topics', '-s', after, '--no-auth', '-g', 'x']), 1, after.slice(8, -1))
    const port = await closedPort()
    expectError(await runHere(['--no-auth', '-s', 'kafka://127.0.0.1/', 'topics', '--port', String(port)]), 1, `127.0.0.1:${port}`)
  })

  it('send says it at once, not when the time for the delivery is over', async () => {
    const url = await server()
    expectError(await run(['send', '--no-auth', '-s', url, 't', '-'], { stdin: '{}' }), 1, url.slice(8, -1))
  })

  it('listen tries on, and ends with Ctrl-C: exit code 0', async () => {
    const listener = command(['listen', '--no-auth', '-s', await server(), 't'])
    await expect.poll(listener.err, { timeout: 50_000 }).toMatch(/\n$/)
    expect(listener.err()).toMatch(/^igwn-alert-rx: cannot reach 127\.0\.0\.1:\d+ yet: .*Tried again for connectTimeout, 30000 ms\n$/)
    listener.process.kill('SIGINT')
    expect(await listener.ended).toMatchObject({ code: 0, out: '' })
  })
})
