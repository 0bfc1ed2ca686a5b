import { describe, expect, it } from 'vitest'
import { program } from './child.ts'

const lines = (text: string): string[] => text.split('\n').filter(line => line !== '')

describe.concurrent('Ctrl-C', { timeout: 60_000 }, () => {
  it('ends listen: started work is done, what waits is not begun, exit code 0', async () => {
    const child = program(`
      append(1, 2, 3)
      await withClient({ transport, from: 'earliest' }, async ({ client, output }) => {
        const slow = { ...output, async line(text) {
          process.stderr.write('started ')
          await new Promise(resolve => setTimeout(resolve, 500))
          await output.line(text)
        } }
        await printAlerts(client.topic('t'), slow, { json: true })
      })`)
    await expect.poll(child.err, { timeout: 50_000 }).toBe('started ')
    child.process.kill('SIGINT')
    const { code, out, err } = await child.ended
    expect({ code, err }).toEqual({ code: 0, err: 'started ' })
    expect(lines(out).map(line => (JSON.parse(line) as { offset: number }).offset)).toEqual([0])
  })

  it('so does SIGTERM', async () => {
    const child = program(`
      await withClient({ transport }, async ({ client, output }) => {
        client.status$.subscribe(({ type }) => type === 'connected' && console.error(type))
        await printAlerts(client.topic('t'), output, {})
      })`)
    await expect.poll(child.err, { timeout: 50_000 }).toBe('connected\n')
    child.process.kill('SIGTERM')
    expect(await child.ended).toMatchObject({ code: 0, out: '' })
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('%s before another command is done: exit code 130, one line', async signal => {
    const child = program(`
      transport.goOffline()
      await withClient({ transport, deliveryTimeout: 500 }, async ({ client }) => {
        const stored = client.publish('t', 1)
        console.log('ready')
        await stored.catch(() => {})
        await client.publish('t', 2)
      })`)
    await expect.poll(child.out, { timeout: 50_000 }).toBe('ready\n')
    child.process.kill(signal)
    expect(await child.ended).toEqual({ code: 130, out: 'ready\n', err: 'igwn-alert-rx: interrupted\n' })
  })

  it('a second one does not wait for started work', async () => {
    const child = program(`
      append(1)
      await withClient({ transport, from: 'earliest' }, async ({ client, output }) => {
        await printAlerts(client.topic('t'), { ...output, line: () => {
          process.stderr.write('started ')
          return new Promise(() => {})
        } }, {})
      })`)
    await expect.poll(child.err, { timeout: 50_000 }).toBe('started ')
    child.process.kill('SIGINT')
    child.process.kill('SIGINT')
    // Two signals at once may be one.
    const again = setInterval(() => child.process.kill('SIGINT'), 100)
    const { code } = await child.ended
    clearInterval(again)
    expect(code).toBe(130)
  })
})

/** Nothing on standard error but that the group is new, then `last`. */
const onlyNewGroup = (last: string): RegExp => new RegExp(`^igwn-alert-rx: the group g has no committed offset .*\\n${last}$`)

describe.concurrent('an output that nobody reads any more', { timeout: 60_000 }, () => {
  it('ends the command without a word; what could not be written is not handled', async () => {
    const child = program(`
      append(...Array.from({ length: 50_000 }, (_, i) => 'x'.repeat(200) + i))
      await withClient({ transport, from: 'earliest', consumerGroup: 'g' }, ({ client, output }) => printAlerts(client.topic('t'), output, {}))
      process.stderr.write(String(transport.log.committed('g', 'gracedb.t', 0) < 50_000))`)
    await expect.poll(child.out, { timeout: 50_000 }).toContain('\n')
    child.process.stdout?.destroy()
    expect(await child.ended).toMatchObject({ code: 0, err: expect.stringMatching(onlyNewGroup('true')) })
  })

  it('does not end what does more than it prints', async () => {
    const child = program(`
      await withClient({ transport }, async ({ client, output }) => {
        const isWritten = () => output.line('x').then(() => true, () => false)
        while (await isWritten());
        await client.publish('t', 1)
      }, { endsUnread: false })
      process.stderr.write(String(transport.log.partition({ topic: 'gracedb.t', partition: 0 }).records.length))`)
    await expect.poll(child.out, { timeout: 50_000 }).not.toBe('')
    child.process.stdout?.destroy()
    expect(await child.ended).toMatchObject({ code: 0, err: '1' })
  })

  it('also of the demonstration', async () => {
    const child = program(`process.exitCode = await run(['node', 'igwn-alert-rx', 'demo'])`)
    await expect.poll(child.out, { timeout: 50_000 }).toContain('\n')
    child.process.stdout?.destroy()
    expect(await child.ended).toMatchObject({ code: 0, err: '' })
  })
})

describe.concurrent('listen', { timeout: 60_000 }, () => {
  it('--count: ends after so many, one that cannot be decoded is reported and not counted', async () => {
    const { code, out, err } = await program(`
      append(1)
      transport.log.append('gracedb.t', { value: '{"a', headers: [{ name: '_format', value: new TextEncoder().encode('json') }] })
      append(2, 3)
      await withClient({ ...clientOptions({ auth: true }), transport, from: 'earliest' }, ({ client, output }) => printAlerts(client.topic('t'), output, { json: true, count: 2 }))`)
      .ended
    expect(code).toBe(0)
    expect(lines(out).map(line => (JSON.parse(line) as { payload: number }).payload)).toEqual([1, 2])
    expect(lines(err)).toEqual([expect.stringMatching(/^igwn-alert-rx: gracedb\.t\[0\]@1 failed: not JSON: [^;]*\. It counts as handled$/)])
  })

  it('ends where the log ends, with untilEnd', async () => {
    const { code, out } = await program(`
      append(1, 2)
      await withClient({ transport, from: 'earliest', untilEnd: true }, ({ client, output }) => printAlerts(client.topics(), output, {}))`)
      .ended
    expect(code).toBe(0)
    expect(lines(out).filter(line => line.startsWith('gracedb.t[0]@'))).toHaveLength(2)
  })

  it('-c: what was printed is committed, and not printed again', async () => {
    const { code, out, err } = await program(`
      append(1, 2, 3)
      const options = { transport, from: 'earliest', ...clientOptions({ auth: true, consumerGroup: 'g' }) }
      for (const count of [2, 1])
        await withClient(options, ({ client, output }) => printAlerts(client.topics(), output, { json: true, count }))
      process.stderr.write(String(transport.log.committed('g', 'gracedb.t', 0)))`).ended
    expect({ code, err }).toEqual({ code: 0, err: expect.stringMatching(onlyNewGroup('3')) })
    expect(lines(out).map(line => (JSON.parse(line) as { payload: number }).payload)).toEqual([1, 2, 3])
  })

  it('fails with the error of the stream: exit code 1, one line', async () => {
    const { code, out, err } = await program(`
      const options = { transport, ...clientOptions({ auth: true }) }
      await withClient(options, ({ client, output }) => printAlerts(client.topic('nope'), output, {}))`).ended
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(lines(err)).toHaveLength(2)
    expect(lines(err).at(-1)).toMatch(/^igwn-alert-rx: .*gracedb\.nope.*Nearest existing topics: gracedb\.t/)
  })
})
