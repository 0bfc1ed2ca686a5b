import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { defer, from, switchMap } from 'rxjs'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type BridgeClient, createBridge } from '../../../src/bridge.ts'
import { IgwnAlertClient, silentLogger, toStream } from '../../../src/index.ts'
import { MemoryTransport } from '../../../src/testing.ts'
import { events, TOPIC } from '../serve.ts'

describe('a client that comes while the ring takes in the past', () => {
  it('at latest is sent what is new, and nothing of the past', async () => {
    const transport = new MemoryTransport()
    const append = (value: unknown): unknown => transport.log.append(TOPIC, { value: JSON.stringify(value), timestamp: Date.now() })
    transport.log.createTopic(TOPIC)
    for (let n = 0; n < 50; n++) append('old')
    const real = new IgwnAlertClient({ transport, logger: silentLogger })
    let open = (): void => {}
    const gate = new Promise<void>(resolve => {
      open = resolve
    })
    let asked = 0
    const client: BridgeClient = {
      server: real.server,
      group: real.group,
      getTopics: () => real.getTopics(),
      cursor: (names, at) => real.cursor(names, at).finally(() => asked++),
      topics: (names, options) => toStream(defer(() => from(gate).pipe(switchMap(() => real.topics(names, options))))),
    }
    const bridge = createBridge({ streams: { client, topics: ['superevent'] }, logger: silentLogger })
    const server = createServer((req, res) => void bridge.node(req, res)).listen(0, '127.0.0.1')
    onTestFinished(async () => {
      await bridge.close()
      await real.close()
      server.closeAllConnections()
      server.close()
    })
    await vi.waitFor(() => expect(asked).toBe(1))
    const stream = await events(`http://127.0.0.1:${(server.address() as AddressInfo).port}/stream`)
    await vi.waitFor(() => expect(stream.of('hello')).toHaveLength(1))
    open()
    await bridge.ready
    append('new')
    await vi.waitFor(() => expect(stream.payloads()).toEqual(['new']))
  })
})
