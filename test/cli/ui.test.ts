import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { buildPage } from '../../scripts/page.ts'
import { closedPort } from '../bed/ports.ts'
import { events } from '../bridge/serve.ts'
import { command } from './child.ts'

/** Processes that are started while the machine has other work. */
const PATIENT = 60_000

beforeAll(buildPage)

/** The command with a page, and where it says that this is. */
async function withPage(...args: readonly string[]) {
  const child = command(args)
  onTestFinished(() => void child.process.kill('SIGKILL'))
  await expect.poll(() => `${child.out()}${child.err()}`, { timeout: PATIENT }).toMatch(/http:\S+\//)
  return { ...child, url: /http:\S+\//.exec(child.out())![0] }
}

const titleAt = async (url: string): Promise<string | undefined> => /<title>(.*)<\/title>/.exec(await (await fetch(url)).text())?.[1]

describe('--ui', () => {
  it(
    'of the demonstration: a page of nights that go on, until Ctrl-C',
    async () => {
      const port = await closedPort()
      const demo = await withPage('--port', String(port), 'demo', '--ui')
      expect(demo.url).toBe(`http://127.0.0.1:${port}/`)
      expect(await titleAt(demo.url)).toBe('Gravitational-wave alerts')
      const { of, payloads, stop } = await events(`${demo.url}stream?from=earliest`)
      // More than a night, the message that is cut off, the test.
      await expect.poll(() => payloads().length, { timeout: PATIENT }).toBeGreaterThan(10)
      expect(of('record').filter(({ data }) => data['isTest']).length).toBeGreaterThan(0)
      expect(new Set(of('record').map(({ data }) => data['topicId']))).toEqual(
        new Set(['gracedb.superevent', 'gracedb-playground.superevent']),
      )
      stop()
      demo.process.kill('SIGINT')
      expect(await demo.ended).toMatchObject({ code: 0, err: '' })
    },
    2 * PATIENT,
  )

  it(
    'of the bridge: a page beside the stream',
    async () => {
      const port = String(await closedPort())
      const server = `kafka://127.0.0.1:${await closedPort()}/`
      const bridge = await withPage('--no-auth', '-l', 'error', '-s', server, 'bridge', '--ui', '--port', port, 'superevent')
      expect(bridge.url).toBe(`http://127.0.0.1:${port}/`)
      expect(await titleAt(bridge.url)).toBe('Gravitational-wave alerts')
      bridge.process.kill('SIGINT')
      expect(await bridge.ended).toMatchObject({ code: 0 })
    },
    PATIENT,
  )
})
