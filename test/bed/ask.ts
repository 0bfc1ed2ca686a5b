import { once } from 'node:events'
import { connect } from 'node:net'
import { FrameSplitter, frameOf, WireReader, WireWriter } from './wire.ts'

export interface Question {
  readonly apiKey: number
  readonly apiVersion: number
  /** Whether the version has tagged fields, in its headers too. */
  readonly flexible?: boolean | undefined
  readonly body: Buffer
}

/** Asks one broker one question over its plain port, on a connection of its own; the reader stands at the answer's body. */
export async function ask(address: string, question: Question, within = 5_000): Promise<WireReader> {
  const { host, port } = splitAddress(address)
  const socket = connect({ host, port, noDelay: true })
  const signal = AbortSignal.timeout(within)
  const giveUp = () => socket.destroy(new Error(`no answer of ${address} to request ${question.apiKey} within ${within} ms`))
  signal.addEventListener('abort', giveUp)
  try {
    await once(socket, 'connect')
    const header = new WireWriter().int16(question.apiKey).int16(question.apiVersion).int32(1).string('test-bed')
    if (question.flexible) header.noTags()
    socket.write(frameOf(header.raw(question.body).build()))
    const splitter = new FrameSplitter()
    for await (const chunk of socket) {
      const [frame] = splitter.push(chunk as Buffer)
      if (!frame) continue
      const reader = new WireReader(frame, 4)
      if (question.flexible) reader.skipTags()
      return reader
    }
    throw new Error(`${address} closed the connection without an answer to request ${question.apiKey}`)
  } finally {
    signal.removeEventListener('abort', giveUp)
    socket.destroy()
  }
}

/** Whether anybody listens there. */
export async function accepts(address: string): Promise<boolean> {
  const socket = connect(splitAddress(address))
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Splits 'host:port'. Throws if it is not of that form. */
export function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const match = /^(.+):(\d+)$/.exec(address)
  if (!match) throw new Error(`'${address}' is not of the form host:port`)
  return { host: match[1]!, port: Number(match[2]) }
}
