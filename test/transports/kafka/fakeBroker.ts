import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { FrameSplitter, frameOf, WireReader, WireWriter } from '../../bed/wire.ts'

export interface FakeRequest {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly body: WireReader
  readonly socket: Socket
  /** Number of the connection, from 1. */
  readonly connection: number
}

/** The body of an answer; nothing: no answer is given. */
export type FakeAnswer = Buffer | undefined | Promise<Buffer | undefined>

export interface FakeBroker {
  readonly address: string
  readonly requests: FakeRequest[]
  readonly connections: number
  /** Asked for each request that has no answer of its own. */
  answer: (request: FakeRequest) => FakeAnswer
  close(): void
}

/** By API key: the versions offered. */
export const ALL_VERSIONS: Readonly<Record<number, readonly [min: number, max: number]>> = {
  1: [4, 17],
  2: [1, 11],
  3: [0, 13],
  8: [2, 9],
  9: [1, 9],
  10: [0, 6],
  11: [2, 9],
  12: [0, 4],
  13: [0, 5],
  14: [0, 5],
  17: [0, 1],
  18: [0, 4],
  20: [1, 6],
  22: [0, 5],
  36: [0, 2],
}

export function versionsAnswer(versions: Readonly<Record<number, readonly [number, number]>> = ALL_VERSIONS, throttle = 0): Buffer {
  const entries = Object.entries(versions)
  const writer = new WireWriter().int16(0).int32(entries.length)
  for (const [key, [min, max]] of entries) writer.int16(Number(key)).int16(min).int16(max)
  return writer.int32(throttle).build()
}

export function answerFrame(correlationId: number, body: Buffer): Buffer {
  return frameOf(Buffer.concat([new WireWriter().int32(correlationId).build(), body]))
}

/** A server that reads Kafka's requests and answers as a test says; ApiVersions by default with all versions. */
export async function fakeBroker(answer: (request: FakeRequest) => FakeAnswer = () => undefined): Promise<FakeBroker> {
  const sockets = new Set<Socket>()
  const requests: FakeRequest[] = []
  let connections = 0
  const server = createServer(socket => {
    const connection = ++connections
    sockets.add(socket)
    socket.on('error', () => {})
    const splitter = new FrameSplitter()
    socket.on('data', chunk => {
      for (const frame of splitter.push(chunk)) void serve(frame, socket, connection)
    })
  })
  const serve = async (frame: Buffer, socket: Socket, connection: number): Promise<void> => {
    const body = new WireReader(frame)
    const [apiKey, apiVersion, correlationId] = [body.int16(), body.int16(), body.int32()]
    body.string()
    const request = { apiKey, apiVersion, correlationId, body, socket, connection }
    requests.push(request)
    const given = await broker.answer(request)
    const content = given ?? (apiKey === 18 ? versionsAnswer() : undefined)
    if (content && !socket.destroyed) socket.write(answerFrame(correlationId, content))
  }
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const broker: FakeBroker = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    get connections() {
      return connections
    },
    answer,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
  return broker
}
