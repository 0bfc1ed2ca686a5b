import { describe, expect, it, test } from 'vitest'
import { type Sending, type Sent, type Sum, sendAll } from '../../src/cli/sending.ts'
import { AlertError, type AlertErrorCode, ConfigError, IgwnAlertClient, type Outgoing, outgoing, silentLogger } from '../../src/index.ts'
import { MemoryTransport } from '../../src/testing.ts'

const FILES = Array.from({ length: 1000 }, (_, n) => `${n}.json`)

/** A topic, and what was told of the files that were sent to it. */
function rig(overrides: Partial<Sending> = {}) {
  const transport = new MemoryTransport()
  transport.log.createTopic('gracedb.t')
  const client = new IgwnAlertClient({ transport, logger: silentLogger })
  const told: Sent[] = []
  const shown: [done: number, failed: number][] = []
  let [underway, most] = [0, 0]
  const sending: Sending = {
    files: FILES,
    ready: async () => {},
    load: async file => outgoing(file),
    send: async message => {
      most = Math.max(most, ++underway)
      return client.publish('t', message).finally(() => underway--)
    },
    tell: async sent => void told.push(sent),
    progress: { show: (done, failed) => void shown.push([done, failed]), hide() {} },
    signal: new AbortController().signal,
    ...overrides,
  }
  const values = (): string[] =>
    transport.log
      .partition({ topic: 'gracedb.t', partition: 0 })
      .records.map(({ value }) => JSON.parse(new TextDecoder().decode(value ?? undefined)) as string)
  const run = async (): Promise<Sum> => {
    try {
      return await sendAll(sending)
    } finally {
      await client.close()
    }
  }
  return { run, told, shown, values, most: () => most }
}

const failing =
  (broken: readonly string[], code: AlertErrorCode): Sending['load'] =>
  async file => {
    if (broken.includes(file)) throw new AlertError(code, `${file} is broken`)
    return outgoing(file)
  }

describe('a thousand files', () => {
  it('are sent and told in their order, a few at a time', async () => {
    const { run, told, shown, values, most } = rig()
    expect(await run()).toEqual({ failed: 0, unsent: 0 })
    expect(values()).toEqual(FILES)
    expect(told.map(({ file }) => file)).toEqual(FILES)
    expect(told.map(sent => ('stored' in sent ? sent.stored.offset : undefined))).toEqual([...FILES.keys()])
    expect(most()).toBeGreaterThan(1)
    expect(most()).toBeLessThanOrEqual(32)
    expect(shown).toEqual([...FILES.keys(), FILES.length].map(done => [done, 0]))
  })

  test.each<AlertErrorCode>(['ALERT_CONFIG', 'ALERT_UNWRITABLE', 'ALERT_TOO_LARGE'])(
    '%s of one keeps none of the others back',
    async code => {
      const broken = ['3.json', '500.json']
      const { run, told, shown, values } = rig({ load: failing(broken, code) })
      expect(await run()).toEqual({ failed: 2, unsent: 0 })
      expect(values()).toEqual(FILES.filter(file => !broken.includes(file)))
      expect(told.map(({ file }) => file)).toEqual(FILES)
      expect(told.flatMap(sent => ('error' in sent ? sent.file : []))).toEqual(broken)
      expect(shown.at(-1)).toEqual([1000, 2])
    },
  )

  it('are not all tried where none can be stored', async () => {
    let tries = 0
    const send = async ({ payload }: Outgoing): Promise<never> => {
      tries++
      throw new AlertError('ALERT_EXPIRED', `${String(payload)} is not stored`)
    }
    const { run, told } = rig({ send })
    const { failed, unsent } = await run()
    expect(tries).toBeLessThanOrEqual(32)
    expect({ failed, unsent }).toEqual({ failed: tries, unsent: 1000 - tries })
    expect(told).toHaveLength(tries)
  })

  it('are not read before there is room for them', async () => {
    let makeRoom = (): void => {}
    let places = 2
    const read: string[] = []
    const { run } = rig({
      ready: () => (places-- > 0 ? Promise.resolve() : new Promise(resolve => (makeRoom = resolve))),
      load: async file => {
        read.push(file)
        return outgoing(file)
      },
    })
    const sum = run()
    await expect.poll(() => read.length).toBe(2)
    await new Promise(resolve => setImmediate(resolve))
    expect(read).toEqual(['0.json', '1.json'])
    places = FILES.length
    makeRoom()
    expect(await sum).toEqual({ failed: 0, unsent: 0 })
  })

  it('are told of as far as they came, at Ctrl-C', async () => {
    const early = new AbortController()
    const load = async (file: string): Promise<Outgoing> => {
      if (file === '99.json') early.abort()
      return outgoing(file)
    }
    const { run, told, values } = rig({ load, signal: early.signal })
    expect(await run()).toEqual({ failed: 0, unsent: 900 })
    expect(told.map(({ file }) => file)).toEqual(FILES.slice(0, 100))
    expect(values()).toEqual(FILES.slice(0, 100))
  })

  it('end where nobody can be told: what is thrown there', async () => {
    const tell = async (): Promise<void> => {
      throw new ConfigError('wrong')
    }
    await expect(rig({ tell }).run()).rejects.toThrow('wrong')
  })
})
