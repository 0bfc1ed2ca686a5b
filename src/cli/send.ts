import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { ConfigError, outgoing, readJson } from '../index.ts'
import { type CommonFlags, clientOptions } from './options.ts'
import { withClient } from './running.ts'

export interface SendFlags extends CommonFlags {
  readonly test: boolean | undefined
  readonly key: string | undefined
  readonly blob: boolean | undefined
}

/**
 * What a file is sent as: its text as a JSON string, so that `json.loads(payload)` in a Python callback gives the alert; with --blob its bytes.
 *
 * @throws ConfigError when it is not JSON: a broken alert is not published by mistake
 */
export function payloadOf(file: string, bytes: Uint8Array, blob: boolean): string | Uint8Array {
  if (blob) return bytes
  try {
    readJson(bytes)
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new ConfigError(`${file} is ${messageOf(error)}`, { mend: '--blob sends any bytes as they are' })
  }
}

async function read(file: string): Promise<Uint8Array> {
  try {
    return file === '-' ? await buffer(process.stdin) : await readFile(file)
  } catch (error) {
    throw new ConfigError(`${file} cannot be read: ${messageOf(error)}`)
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export async function send(topic: string, files: readonly string[], flags: SendFlags): Promise<void> {
  const { test, key, blob = false } = flags
  const payloads = await Promise.all(files.map(async file => ({ file, payload: payloadOf(file, await read(file), blob) })))
  await withClient(clientOptions(flags), async ({ client, output, signal }) => {
    // An unknown topic or a missing right is said at once, not when the time for the delivery is over.
    await client.connect(topic)
    for (const { file, payload } of payloads) {
      signal.throwIfAborted()
      const { fullTopic, partition, offset, id } = await client.publish(topic, outgoing(payload, { test, key }))
      await output.line(`${file}: ${fullTopic}[${partition}]${offset === undefined ? '' : `@${offset}`} ${id}`)
    }
  })
}
