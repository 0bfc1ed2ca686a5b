import { connect } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { events } from '../serve.ts'
import { raw, type Server, server, statusesIn, statusIn, statusOf } from './rig.ts'

const HOST = 'Host: localhost'
const stream = (...more: readonly string[]): string => `${['GET /stream HTTP/1.1', HOST, ...more].join('\r\n')}\r\n\r\n`

/** What a good client gets, whatever else is asked. */
async function stillServes({ url, append }: Server): Promise<void> {
  const good = await events(`${url}/stream`)
  append('superevent', 'still')
  await expect.poll(() => good.payloads()).toEqual(['still'])
  good.stop()
}

describe('addresses', () => {
  it.each([
    ['http://evil.example/stream', 400],
    ['http://localhost/stream', 400],
    ['http://[/stream', 400],
    ['stream', 400],
    ['*', 400],
    ['//stream', 404],
    ['//localhost/stream', 404],
    ['///', 404],
    ['//[/stream', 404],
    ['/', 404],
    ['/?', 404],
    ['/../stream', 404],
    ['/x/../stream', 404],
    ['/./stream', 404],
    ['/%2e%2e/stream', 404],
    ['/str%65am', 404],
    ['/%00stream', 404],
    ['/stream%00', 404],
    ['/stream%', 404],
    ['/stream\\', 404],
    ['/stream#x', 404],
    ['/STREAM', 404],
    ['/__proto__', 404],
    ['/constructor?topics=__proto__', 404],
    ['/topics?%', 200],
    ['/topics?%00=%ff&&=&topics=%', 200],
    ['/stream?topics=__proto__,constructor,toString', 404],
    ['/stream?topics=%00,%0d%0a,%F0%9F', 404],
    ['/stream?topics=superevent&topics=secret', 200],
    ['/stream?topics=,,,', 400],
    ['/stream?topics=', 400],
  ])('%s: %i', async (address, status) => {
    const { port } = await server()
    expect(await statusOf(port, `GET ${address} HTTP/1.1`, HOST)).toBe(status)
  })

  it('of any bytes get an answer, or the connection is cut; the bridge goes on', async () => {
    const served = await server()
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 60 }), async text => {
        const { closed, socket, text: got } = raw(served.port, `GET /${text} HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`)
        await Promise.race([closed, expect.poll(got).toMatch(/^HTTP\/1.1 \d/)])
        socket.destroy()
        expect([200, 400, 404, 413]).toContain(statusIn(got()))
      }),
      { numRuns: 60 },
    )
    await stillServes(served)
  })
})

describe('methods', () => {
  it.each([
    ['GET', 200],
    ['HEAD', 200],
    ['OPTIONS', 204],
    ['POST', 405],
    ['PUT', 405],
    ['DELETE', 405],
    ['PATCH', 405],
    ['TRACE', 405],
    ['PROPFIND', 405],
    ['M-SEARCH', 405],
    ['get', 400],
    ['BREW', 400],
  ])('%s: %i', async (method, status) => {
    const { port } = await server()
    expect(await statusOf(port, `${method} /stream HTTP/1.1`, HOST)).toBe(status)
  })

  it('HEAD of a stream is its head alone, and takes no place', async () => {
    const { url, clients, port } = await server({ maxClients: 1 })
    const response = await fetch(`${url}/stream`, { method: 'HEAD' })
    expect([response.headers.get('content-type'), await response.text()]).toEqual(['text/event-stream; charset=utf-8', ''])
    expect(await clients()).toBe(0)
    expect(await statusOf(port, 'GET /stream HTTP/1.1', HOST)).toBe(200)
  })

  it('CONNECT and Upgrade are no way in', async () => {
    const served = await server()
    expect(await raw(served.port, `CONNECT kafka.scimma.org:9092 HTTP/1.1\r\n${HOST}\r\n\r\n`).closed).toBe('')
    const upgrade = await statusOf(served.port, 'GET /stream HTTP/1.1', HOST, 'Connection: Upgrade', 'Upgrade: websocket')
    expect(upgrade).toBe(200)
    await stillServes(served)
  })
})

describe('what is no request', () => {
  it.each([
    ['a TLS handshake', Buffer.from('160301020001000200fc0303', 'hex')],
    ['a Kafka request', Buffer.from('00000014001200000000000100076b61666b612d6a73', 'hex')],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['NUL in the address', 'GET /stream\0 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['NUL in a header', 'GET /stream HTTP/1.1\r\nHost: local\0host\r\n\r\n'],
    ['a header without a name', 'GET /stream HTTP/1.1\r\n: x\r\nHost: localhost\r\n\r\n'],
    ['a space before the colon', 'GET /stream HTTP/1.1\r\nHost : localhost\r\n\r\n'],
    ['two lengths', 'GET /stream HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\nhello'],
    ['a length and chunks', 'GET /stream HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['a negative length', 'GET /stream HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n'],
  ])('%s: 400, counted, and cut', async (_name, bytes) => {
    const { port, refusals } = await server()
    const answer = await raw(port, bytes).closed
    expect(statusIn(answer)).toBe(400)
    expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toMatchObject({ error: { code: 'malformed' } })
    expect(await refusals()).toEqual({ malformed: 1 })
  })

  it('behind the request of a stream ends that stream, and frees its place', async () => {
    const { port, clients, refusals } = await server()
    const { socket, text, closed } = raw(port, stream())
    await expect.poll(text).toContain('event: hello')
    socket.write('\0\0garbage\r\n\r\n')
    expect(await closed).not.toContain('malformed')
    await expect.poll(clients).toBe(0)
    expect(await refusals()).toEqual({ malformed: 1 })
  })
})

describe('bodies', () => {
  it.each([
    ['oversized, of a POST', 'POST', 'Content-Length: 10000000000', 413],
    ['oversized, of a GET', 'GET', 'Content-Length: 10000000000', 413],
    ['of a byte', 'GET', 'Content-Length: 1', 413],
    ['in chunks', 'GET', 'Transfer-Encoding: chunked', 413],
    ['in chunks, of a preflight', 'OPTIONS', 'Transfer-Encoding: chunked', 413],
    ['for another host', 'POST', 'Content-Length: 10000000000', 421],
  ])('%s: refused, and the connection is closed without reading it', async (_name, method, header, status) => {
    const { port, clients } = await server()
    const host = status === 421 ? 'Host: evil.example' : HOST
    const { closed } = raw(port, `${method} /stream HTTP/1.1\r\n${host}\r\n${header}\r\n\r\n`)
    const answer = await closed
    expect(statusIn(answer)).toBe(status)
    expect(answer).toMatch(/\r\nconnection: close\r\n/i)
    expect(await clients()).toBe(0)
  })

  it('that are sent without an end are not read: the sender is cut off', async () => {
    const served = await server()
    const { socket, closed } = raw(served.port, `POST /stream HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n`)
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    let sent = 0
    const flood = (): void => {
      while (!socket.destroyed && sent++ < 10_000 && socket.write(chunk));
      if (!socket.destroyed && sent < 10_000) socket.once('drain', flood)
    }
    flood()
    await closed
    expect(sent).toBeLessThan(1_000)
    await stillServes(served)
  })
})

describe('what is too long', () => {
  it.each([
    ['an address', `GET /stream?topics=${'x'.repeat(20_000)} HTTP/1.1`, 'X: y'],
    ['a header', 'GET /stream HTTP/1.1', `X: ${'y'.repeat(20_000)}`],
    ['many headers', 'GET /stream HTTP/1.1', Array.from({ length: 2_000 }, (_, n) => `X${n}: yyyyy`).join('\r\n')],
    ['a cursor of a megabyte', 'GET /stream HTTP/1.1', `Last-Event-ID: ${'A'.repeat(1_000_000)}`],
  ])('%s: 431, counted', async (_name, line, header) => {
    const { port, refusals } = await server()
    expect(statusIn(await raw(port, `${line}\r\n${HOST}\r\n${header}\r\n\r\n`).closed)).toBe(431)
    expect(await refusals()).toEqual({ headers: 1 })
  })
})

describe('slow-loris', () => {
  /** Sends a text, then a byte now and then, until it is cut off. */
  async function dribble(port: number, start: string, byte: string): Promise<string> {
    const { socket, closed } = raw(port, start)
    const timer = setInterval(() => socket.write(byte), 20)
    const text = await closed
    clearInterval(timer)
    return text
  }

  it.each([
    ['of the first line', 'GET /str', 'x'],
    ['of headers', `GET /stream HTTP/1.1\r\n${HOST}\r\nX: `, 'y'],
    ['of a second request', `GET /topics HTTP/1.1\r\n${HOST}\r\n\r\nGET /stream HTTP/1.1\r\nX: `, 'y'],
  ])('%s: cut after the time-out, answered and counted', async (_name, start, byte) => {
    const served = await server({}, { requestTimeout: 200 })
    expect(statusesIn(await dribble(served.port, start, byte)).at(-1)).toBe(408)
    expect(await served.refusals()).toEqual({ timeout: 1 })
    await stillServes(served)
  })

  it('connections that say nothing at all are cut as well', async () => {
    const { port, refusals } = await server({}, { requestTimeout: 200 })
    const silent = Array.from({ length: 50 }, () => raw(port, ''))
    const answers = await Promise.all(silent.map(({ closed }) => closed))
    expect(new Set(answers.map(statusIn))).toEqual(new Set([408]))
    expect(await refusals()).toEqual({ timeout: 50 })
  })

  it('a stream is no slow request: it stays', async () => {
    const { url, append } = await server({ heartbeat: 40 }, { requestTimeout: 100 })
    const good = await events(`${url}/stream`)
    const silent = raw(Number(new URL(url).port), '')
    await silent.closed
    await events(`${url}/stream`)
    append('superevent', 1)
    await expect.poll(() => good.payloads()).toEqual([1])
  })
})

describe('pipelined requests', () => {
  it('are answered in their order', async () => {
    const { port } = await server()
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\n${HOST}\r\n\r\n`
    const { text } = raw(port, get('/topics') + get('/nowhere') + get('/health') + get('//') + get('/topics'))
    await expect.poll(() => statusesIn(text())).toEqual([200, 404, 200, 404, 200])
  })

  it('of streams behind a stream hold no places: each needs a connection of its own', async () => {
    const { port, clients, refusals } = await server({ maxClients: 5 })
    const { socket, text } = raw(port, stream().repeat(50))
    await expect.poll(text).toContain('event: hello')
    await expect.poll(async () => (await refusals())['pipelined'] ?? 0).toBeGreaterThan(3)
    expect(await clients()).toBe(1)
    socket.destroy()
    await expect.poll(clients).toBe(0)
  })

  it('without end, behind a stream, are not read: the sender is held up, and nobody else', async () => {
    const served = await server()
    const { socket } = raw(served.port, stream())
    let sent = 0
    const flood = (): void => {
      while (sent++ < 200_000 && socket.write(stream()));
      if (sent < 200_000) socket.once('drain', flood)
    }
    flood()
    await stillServes(served)
    expect(sent).toBeLessThan(200_000)
  })
})

it('a client that takes nothing of an answer, or leaves in the middle of it, costs nothing', async () => {
  const served = await server()
  for (let n = 0; n < 100; n++) {
    const socket = connect(served.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(stream(), () => socket.resetAndDestroy())
  }
  await expect.poll(served.clients).toBe(0)
  await stillServes(served)
})
