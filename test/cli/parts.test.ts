import { Writable } from 'node:stream'
import { WriteStream } from 'node:tty'
import { Command } from 'commander'
import { describe, expect, it, onTestFinished, test, vi } from 'vitest'
import { EXIT, errorLine, exitCodeOf, Interrupted, usageLine } from '../../src/cli/exit.ts'
import { addCommonFlags, type CommonFlags, clientOptions, count, start } from '../../src/cli/options.ts'
import { isBrokenPipe, outputTo } from '../../src/cli/output.ts'
import { payloadOf } from '../../src/cli/send.ts'
import { AlertError, ConfigError, consoleLogger } from '../../src/index.ts'

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
  ])('is one line: %s', (error, line) => expect(errorLine(error)).toBe(line))

  test.each<[string, string]>([
    ["error: unknown option '--x'\n(Did you mean --y?)\n", "igwn-alert-rx: unknown option '--x' (Did you mean --y?) (--help shows how)\n"],
    ["error: unknown option '--password=it's=secret'\n", "igwn-alert-rx: unknown option '--password' (--help shows how)\n"],
  ])('of usage too', (text, line) => expect(usageLine(text)).toBe(line))
})

describe('flags', () => {
  const flags = (...args: string[]): CommonFlags =>
    addCommonFlags(new Command().exitOverride()).parse(args, { from: 'user' }).opts<CommonFlags>()

  test('none: the defaults of the client, logs on stderr', () => {
    expect(clientOptions(flags())).toEqual({
      group: undefined,
      server: undefined,
      port: undefined,
      noauth: undefined,
      authfile: undefined,
      consumerGroup: undefined,
      logger: { debug: consoleLogger.debug, info: consoleLogger.info, warn: consoleLogger.warn, error: expect.any(Function) },
    })
  })

  test('all', () => {
    const given = flags('-g', 'a', '-s', 'kafka://h.invalid/', '-p', '9093', '--no-auth', '--authfile', 'f', '-c', 'alice-pager', '-v')
    expect(clientOptions(given)).toMatchObject({
      group: 'a',
      server: 'kafka://h.invalid/',
      port: 9093,
      noauth: true,
      authfile: 'f',
      consumerGroup: 'alice-pager',
    })
    expect(clientOptions(given).logger?.info).not.toBe(consoleLogger.info)
  })

  test('what ends the command is its last line: not logged as well', () => {
    const said = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => said.mockRestore())
    const { logger } = clientOptions(flags())
    logger?.error({ status: 'closed', code: 'ALERT_TOPIC_UNKNOWN' }, 'the stream of gracedb.t ended')
    logger?.error({ topic: 'gracedb.t' }, 'gracedb.t[0]@0 failed')
    expect(said.mock.calls).toEqual([['igwn-alert-rx: gracedb.t[0]@0 failed']])
  })

  test('--no-group', () => expect(clientOptions(flags('--no-group')).group).toBeNull())

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

describe('what a file is sent as', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

  it('its text, which becomes a JSON string: the two layers of GraceDB', () => {
    const text = '{\n  "superevent_id": "S1", "far": NaN\n}\n'
    expect(payloadOf('a.json', bytes(text), false)).toBe(text)
  })

  it('with --blob its bytes', () => expect(payloadOf('a', Uint8Array.of(255), true)).toEqual(Uint8Array.of(255)))

  test.each(['', '{"a"', '\ufeff{}'])('not what is no JSON: %j', text => {
    expect(() => payloadOf('a.json', bytes(text), false)).toThrow(/^a\.json is not JSON: .*\. --blob sends any bytes as they are$/)
  })
})
