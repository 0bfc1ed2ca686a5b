import { lastValueFrom, take } from 'rxjs'
import { type Delivery, decodePayload, handle, toStream, writeJson } from '../index.ts'
import { type CommonFlags, clientOptions } from './options.ts'
import type { Output } from './output.ts'
import { withClient } from './running.ts'

export interface ListenFlags extends CommonFlags {
  readonly json: boolean | undefined
  readonly from: 'earliest' | 'latest' | Date | undefined
  readonly untilEnd: boolean | undefined
  readonly count: number | undefined
  readonly consumerGroup: string | undefined
  readonly tests: 'exclude' | 'include' | 'only' | undefined
}

const text = new TextDecoder()

/** Integers exact, JSON in a JSON string unwrapped, bytes as base64. */
function payloadOf(record: Delivery): unknown {
  const payload = decodePayload(record, { bigints: true })
  return payload instanceof Uint8Array ? record.toJSON().payload : payload
}

const jsonLine = (record: Delivery): string => {
  const { topic, fullTopic, partition, offset, timestamp, id, sender, isTest } = record
  const facts = { topic, fullTopic, partition, offset, timestamp, id, sender, test: isTest || undefined }
  return text.decode(writeJson({ ...facts, payload: payloadOf(record) }))
}

function readable(record: Delivery, { style }: Output): string {
  const { fullTopic, partition, offset, timestamp } = record
  const payload = decodePayload(record)
  const shown = payload instanceof Uint8Array ? `${payload.length} bytes: ${text.decode(payload.subarray(0, 200))}` : pretty(record)
  return `${style('bold', `${fullTopic}[${partition}]@${offset}`)}  ${new Date(timestamp).toISOString()}\n${shown}\n`
}

const pretty = (record: Delivery): string => JSON.stringify(decodePayload(record, {}), null, 2)

export async function listen(topics: readonly string[], flags: ListenFlags): Promise<void> {
  const { json, from, untilEnd, count = Number.POSITIVE_INFINITY, consumerGroup, tests } = flags
  await withClient({ ...clientOptions(flags), from, untilEnd, consumerGroup, tests }, async ({ client, output }) => {
    const print = async (record: Delivery): Promise<void> => {
      await output.line(json ? jsonLine(record) : readable(record, output))
    }
    const printed = toStream(client.topics(topics.length > 0 ? topics : undefined)).pipe(handle(print, { retry: 0 }), take(count))
    await lastValueFrom(printed, { defaultValue: undefined })
  })
}
