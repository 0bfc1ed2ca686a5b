import { Writable } from 'node:stream'
import { WriteStream } from 'node:tty'
import { Command } from 'commander'
import { describe, expect, it, onTestFinished, test, vi } from 'vitest'
import { EXIT, errorLine, exitCodeOf, Interrupted, usageLine } from '../../src/cli/exit.ts'
import { addCommonFlags, type CommonFlags, clientOptions, count, start } from '../../src/cli/options.ts'
import { isBrokenPipe, outputTo } from '../../src/cli/output.ts'
import { AlertError, type ClientOptions, ConfigError } from '../../src/index.ts'

describe('exit codes', () => {
  test.each<[unknown, number]>([
    [new ConfigError('wrong'), EXIT.usage],
    [new AlertError('ALERT_CONFIG', 'wrong'), EXIT.usage],
    [new AlertError('ALERT_UNREACHABLE', 'away'), EXIT.failed],
    [new TypeError('ours'), EXIT.failed],
    ['thrown text', EXIT.failed],
    [new Interrupted(), EXIT.interrupted],
  ])('%s: %i', (error, code) => expect(exitCodeOf(error)).toBe(code))
})

describe('an error', () => {
  test.each<[unknown, string]>([
    [new ConfigError('wrong', { mend: 'Mend it:\n  so\n' }), 'igwn-alert-rx: wrong. Mend it: so\n'],
    [new AlertError('ALERT_PROTOCOL', 'closed', { hint: 'is it TLS?' }), 'igwn-alert-rx: closed (is it TLS?)\n'],
    [new AlertError('ALERT_PROTOCOL', 'closed (is it TLS?)', { hint: 'is it TLS?' }), 'igwn-alert-rx: closed (is it TLS?)\n'],
    [new Interrupted(), 'igwn-alert-rx: interrupted\n'],
    ['text', 'igwn-alert-rx: text\n'],
    [
      new ConfigError('retryOnFatal with listenRetries: 0 would never retry'),
      'igwn-alert-rx: --retry-on-fatal with --listen-retries 0 would never retry\n',
    ],
  ])('is one line: %s', (error, line) => expect(errorLine(error)).toBe(line))

  test.each<[string, string]>([
    ["error: unknown option '--x'\n(Did you mean --y?)\n", "igwn-alert-rx: unknown option '--x' (Did you mean --y?) (--help shows how)\n"],
    ["error: unknown option '--password=it's=secret'\n", "igwn-alert-rx: unknown option '--password' (--help shows how)\n"],
  ])('of usage too', (text, line) => expect(usageLine(text)).toBe(line))
})

describe('flags', () => {
  const flags = (...args: string[]): CommonFlags =>
    addCommonFlags(new Command().exitOverride().configureOutput({ writeErr() {} }))
      .parse(args, { from: 'user' })
      .opts<CommonFlags>()
  const options = (...args: string[]): ClientOptions => clientOptions(flags(...args))

  test('none: the defaults of the client', () => {
    const { logger, ...rest } = options()
    expect(Object.values(rest).filter(value => value !== undefined)).toEqual([])
    expect(logger).toBeDefined()
  })

  test.each<[string[], ClientOptions]>([
    [['-g', 'a'], { group: 'a' }],
    [['--group', 'a'], { group: 'a' }],
    [['--no-group'], { group: null }],
    [['-s', 'kafka://h.invalid/'], { server: 'kafka://h.invalid/' }],
    [['-p', '9093'], { port: 9093 }],
    [['--no-auth'], { noauth: true }],
    [['--authfile', 'f'], { authfile: 'f' }],
    [['-n', 'f'], { netrc: 'f' }],
    [['-c', 'alice-pager'], { consumerGroup: 'alice-pager' }],
    [['-r'], { retryOnFatal: true }],
    [['-t', '5'], { listenRetries: 5 }],
    [['--listen-retries', '5'], { listenRetries: 5 }],
    [['--listen_retries=0'], { listenRetries: 0 }],
    [['-w', '0.1'], { retryWait: 100 }],
    [['--retry-wait', '30'], { retryWait: 30_000 }],
    [['--retry_wait=.25'], { retryWait: 250 }],
    [['-u', 'alice'], { server: 'kafka://alice@kafka.scimma.org/' }],
    [['-u', 'a@b.c', '-s', 'kafka://h.invalid:9093/'], { server: 'kafka://a%40b.c@h.invalid:9093/' }],
    [['-u', 'alice', '-s', 'kafka://alice@h.invalid/'], { server: 'kafka://alice@h.invalid/' }],
  ])('%j: %o', (args, expected) => expect(options(...args)).toMatchObject(expected))

  test('--username leaves what the client refuses to the client', () => {
    for (const server of ['h.invalid', 'kafka://alice:secret@h.invalid/']) expect(options('-u', 'alice', '-s', server).server).toBe(server)
    expect(() => options('-u', 'alice', '-s', 'kafka://bob@h.invalid/')).toThrow("--username is 'alice', the user in --server is another")
  })

  test.each<[string[], string]>([
    [['-t', '-1'], 'It is a whole number from 0.'],
    [['-t', '3.5'], 'It is a whole number from 0.'],
    [['-w', '100ms'], 'It is a number of seconds'],
    [['-w', '.'], 'It is a number of seconds'],
    [['-w', '-1'], 'It is a number of seconds'],
    [['-l', 'loud'], 'Allowed choices are critical, error, warning, info, debug'],
    [['-l', 'info', '-v'], 'cannot be used with'],
  ])('%j: %s', (args, text) => expect(() => flags(...args)).toThrow(text))

  test.each<[string[], string[]]>([
    [['-l', 'critical'], []],
    [['-l', 'error'], ['error']],
    [[], ['error', 'warn']],
    [
      ['-l', 'warning'],
      ['error', 'warn'],
    ],
    [
      ['-l', 'info'],
      ['error', 'warn', 'info'],
    ],
    [
      ['-l', 'debug'],
      ['error', 'warn', 'info', 'debug'],
    ],
    [['-v'], ['error', 'warn', 'info', 'debug']],
  ])('%j: what is said on stderr', (args, levels) => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => said.mockRestore())
    const { logger } = options(...args)
    for (const level of ['error', 'warn', 'info', 'debug'] as const) logger?.[level]({}, level)
    expect(said.mock.calls).toEqual(levels.map(level => [`igwn-alert-rx: ${level}`]))
  })

  test('what ends the command is its last line: not logged as well', () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => said.mockRestore())
    const { logger } = options()
    logger?.error({ status: 'closed', code: 'ALERT_TOPIC_UNKNOWN' }, 'the stream of gracedb.t ended')
    logger?.error({ topic: 'gracedb.t' }, 'gracedb.t[0]@0 failed')
    expect(said.mock.calls).toEqual([['igwn-alert-rx: gracedb.t[0]@0 failed']])
  })

  test('with -r it is: the command goes on', () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => said.mockRestore())
    options('-r').logger?.error({ status: 'closed', code: 'ALERT_TOPIC_FORBIDDEN' }, 'the stream of gracedb.t ended')
    expect(said.mock.calls).toEqual([['igwn-alert-rx: the stream of gracedb.t ended']])
  })

  test('numbers and dates', () => {
    expect(count('20')).toBe(20)
    for (const text of ['', '0', '-1', '1.5', '1e3', '٣', '9'.repeat(16)])
      expect(() => count(text), text).toThrow('It is a whole number from 1')
    expect(start('earliest')).toBe('earliest')
    expect(start('latest')).toBe('latest')
    expect(start('2025-08-18T02:00:00Z')).toEqual(new Date(Date.UTC(2025, 7, 18, 2)))
    expect(() => start('soon')).toThrow('It is earliest, latest or a date')
  })
})

describe('output', () => {
  const sink = (write: (done: (error?: Error) => void) => void) => {
    const texts: string[] = []
    const out = new Writable({
      decodeStrings: false,
      write(text, _encoding, done) {
        texts.push(String(text))
        write(done)
      },
    })
    out.on('error', () => {})
    return { texts, out }
  }

  it('waits until a line is written', async () => {
    let done = (): void => {}
    const { texts, out } = sink(written => {
      done = written
    })
    let isWritten = false
    const line = outputTo(out)
      .line('a')
      .then(() => {
        isWritten = true
      })
    await new Promise(resolve => setImmediate(resolve))
    expect({ texts, isWritten }).toEqual({ texts: ['a\n'], isWritten: false })
    done()
    await line
  })

  it('rejects when it cannot be written; what nobody waits for is silent', async () => {
    const gone = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })
    const output = outputTo(sink(done => done(gone)).out)
    await expect(output.line('a')).rejects.toBe(gone)
    await expect(output.line('b')).rejects.toThrow()
    output.say('c')
    await new Promise(resolve => setImmediate(resolve))
    expect(isBrokenPipe(gone)).toBe(true)
    expect(isBrokenPipe(new Error('other'))).toBe(false)
  })

  it('has colours on a terminal only, and not with NO_COLOR', () => {
    const { out } = sink(done => done())
    vi.stubEnv('NO_COLOR', undefined)
    vi.stubEnv('FORCE_COLOR', undefined)
    vi.stubEnv('NODE_DISABLE_COLORS', undefined)
    vi.stubEnv('CI', undefined)
    vi.stubEnv('TERM', 'xterm-256color')
    onTestFinished(() => void vi.unstubAllEnvs())
    expect(outputTo(out).style('bold', 'a')).toBe('a')
    const terminal = Object.assign(out, { isTTY: true, getColorDepth: () => WriteStream.prototype.getColorDepth() })
    expect(outputTo(terminal).style('bold', 'a')).toBe('\u001b[1ma\u001b[22m')
    vi.stubEnv('NO_COLOR', '1')
    expect(outputTo(terminal).style('bold', 'a')).toBe('a')
  })
})
