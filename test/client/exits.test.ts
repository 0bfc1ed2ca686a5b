import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { closedPort } from '../bed/ports.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Runs a program that imports the library; what it prints, once it has ended by itself. */
function run(program: string): Promise<{ code: number | null; out: string }> {
  const source = `import { IgwnAlertClient, silentLogger as logger } from './src/index.ts'
import { MemoryTransport } from './src/testing.ts'
${program}`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', source], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    out += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve({ code, out }))
  })
}

// A timer or a socket that is left keeps the process, and the test, from ending.
describe('a process that used a client and closed it ends by itself', () => {
  test('on memory', async () => {
    const { code, out } = await run(`
      const transport = new MemoryTransport()
      transport.log.createTopic('gracedb.t')
      const client = new IgwnAlertClient({ transport, logger, from: 'earliest' })
      await client.publish('t', 'hello')
      client.topics(['t', 'not.there'], { consumerGroup: 'g' }).subscribe()
      const { payload } = await new Promise(resolve => client.topic('t').subscribe(resolve))
      client.listen(() => {})
      console.log(new TextDecoder().decode(payload))
      await client.close()
      console.log('closed')`)
    expect({ code, out }).toEqual({ code: 0, out: '"hello"\nclosed\n' })
  })

  test('where nobody answers', async () => {
    const { code, out } = await run(`
      const client = new IgwnAlertClient({ server: 'kafka://127.0.0.1:${await closedPort()}/', noauth: true, logger })
      const stream = client.topic('t', { retryOnFatal: true, retryWait: 3_600_000 })
      stream.subscribe({ complete: () => console.log('complete') })
      await client.getTopics().catch(({ code }) => console.log(code))
      await client.close()
      console.log('closed')`)
    expect({ code, out }).toEqual({ code: 0, out: 'ALERT_CONNECTION\ncomplete\nclosed\n' })
  })

  test('and one that made a client and did not use it', async () => {
    expect(await run(`new IgwnAlertClient({ noauth: true }); new IgwnAlertClient().topic('t')`)).toEqual({ code: 0, out: '' })
  })
}, 60_000)
