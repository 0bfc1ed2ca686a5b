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
function payloadOf(file: string, bytes: Uint8Array, blob: boolean): string | Uint8Array {
  if (blob) return bytes
  try {
    readJson(bytes)
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new ConfigError(`${file} is ${error instanceof Error ? error.message : String(error)}`, {
      mend: '--blob sends any bytes as they are',
    })
  }
}

async function read(file: string): Promise<Uint8Array> {
  try {
    return file === '-' ? await buffer(process.stdin) : await readFile(file)
  } catch (cause) {
    throw new ConfigError(`${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

export async function send(topic: string, files: readonly string[], flags: SendFlags): Promise<void> {
  const { test, key, blob = false } = flags
  const payloads = await Promise.all(files.map(async file => ({ file, payload: payloadOf(file, await read(file), blob) })))
  await withClient(clientOptions(flags), async ({ client, output }) => {
    for (const { file, payload } of payloads) {
      const { fullTopic, partition, offset, id } = await client.publish(topic, outgoing(payload, { test, key }))
      output.note(`${file}: ${fullTopic}[${partition}]${offset === undefined ? '' : `@${offset}`} ${id}`)
    }
  })
}
