import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createBridge, serveBridge, tokenFile } from '../../../src/bridge.ts'
import { IgwnAlertClient, silentLogger } from '../../../src/index.ts'
import { MemoryTransport } from '../../../src/testing.ts'
import { events } from '../serve.ts'

async function fileOf(text: string, mode = 0o600): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bridge-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'tokens')
  await writeFile(path, text)
  await chmod(path, mode)
  return path
}

async function server(authorize?: Parameters<typeof createBridge>[0]['authorize']) {
  const transport = new MemoryTransport()
  transport.log.createTopic('gracedb.t')
  const client = new IgwnAlertClient({ transport, logger: silentLogger })
  const bridge = createBridge({ streams: { client, topics: ['t'] }, authorize, reauthorize: 50, logger: silentLogger })
  const serving = await serveBridge(bridge, { port: 0 })
  onTestFinished(async () => {
    await serving.close()
    await client.close()
  })
  await bridge.ready
  return { ...serving, log: transport.log }
}

const topic = { id: 'gracedb.t', server: 'memory:9092', group: 'gracedb', topic: 't', fullTopic: 'gracedb.t' }

describe('tokenFile', () => {
  it('takes the tokens of the file as it is now', async () => {
    const path = await fileOf('# ours\none\n\n two \n')
    const authorize = await tokenFile(path)
    const counts = (token: string | undefined): Promise<boolean> => authorize({ token, topic, address: undefined })
    expect(await Promise.all(['one', 'two', 'three', '', '# ours', undefined].map(counts))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ])
    await writeFile(path, 'three\n')
    expect(await Promise.all(['one', 'three'].map(counts))).toEqual([false, true])
  })

  it.each([
    ['# nothing\n', 0o600, /holds no token/],
    ['one\n', 0o644, /can be read by others\. chmod 0600/],
  ])('refuses %j with mode %o', async (text, mode, error) => {
    await expect(tokenFile(await fileOf(text, mode))).rejects.toThrow(error)
  })

  it('that is not there is an error', () => expect(tokenFile('/nowhere/tokens')).rejects.toThrow('there is no token file /nowhere/tokens'))
})

describe('serveBridge', () => {
  it('asks for a token where one is needed; a stream ends soon after it is taken back', async () => {
    const path = await fileOf('good\n')
    const { url } = await server(await tokenFile(path))
    const statusOf = async (headers: Record<string, string>): Promise<number> => (await fetch(`${url}/stream`, { headers })).status
    expect(await statusOf({})).toBe(401)
    expect(await statusOf({ authorization: 'Bearer bad' })).toBe(403)
    expect((await fetch(`${url}/stream?token=good`)).status).toBe(401)
    const stream = await events(`${url}/stream`, { cookie: 'other=1; igwn-alert-rx=good' })
    await vi.waitFor(() => expect(stream.of('hello')).toHaveLength(1))
    await writeFile(path, 'another\n')
    await stream.ended
    expect(stream.of('bye')).toMatchObject([{ data: { reason: 'expired' } }])
  })

  it('closes at once, also under a client that takes nothing', async () => {
    const { url, close, log } = await server()
    const { port } = new URL(url)
    const socket = connect(Number(port), '127.0.0.1')
    socket.write(`GET /stream HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    await new Promise(resolve => socket.once('readable', resolve))
    socket.pause()
    for (let n = 0; n < 2_000; n++) log.append('gracedb.t', { value: JSON.stringify('x'.repeat(10_000)), timestamp: Date.now() })
    await close()
    await new Promise(resolve =>
      socket.destroyed
        ? resolve(undefined)
        : socket
            .on('error', () => {})
            .resume()
            .once('close', resolve),
    )
  })

  it('says when it cannot listen', async () => {
    const { url } = await server()
    const client = new IgwnAlertClient({ transport: new MemoryTransport() })
    const bridge = createBridge({ streams: { client }, logger: silentLogger })
    await expect(serveBridge(bridge, { port: Number(new URL(url).port) })).rejects.toThrow(/cannot listen at 127\.0\.0\.1:\d+: EADDRINUSE/)
    await bridge.close()
    await client.close()
  })
})
