import type { Message } from '../../transports/kafka/apis.ts'
import { WireReader } from '../../transports/kafka/wire.ts'
import { Body } from './Body.ts'

const TOPIC = 2
const SETTING = 'max.message.bytes'
const NO_SYNONYMS = 0

export interface TopicLimit {
  readonly errorCode: number
  /** Undefined where the broker does not say. */
  readonly maxMessageBytes: number | undefined
}

/** DescribeConfigs, version 1: how large a batch of each topic may be, by topic. */
export const maxMessageBytes = (topics: readonly string[]): Message<ReadonlyMap<string, TopicLimit>> => ({
  request: { apiKey: 32, apiVersion: 1, apiName: 'DescribeConfigs', encode: () => ({ buffer: encode(topics) }) },
  response: { decode, parse: limits => limits },
})

function encode(topics: readonly string[]): Buffer {
  const body = new Body()
  body.array(topics, topic =>
    body
      .int8(TOPIC)
      .string(topic)
      .array([SETTING], name => body.string(name)),
  )
  return body.int8(NO_SYNONYMS).bytes()
}

function decode(payload: Buffer): ReadonlyMap<string, TopicLimit> {
  const wire = new WireReader(payload)
  wire.int32() // throttle time
  const limits = wire.array((): [string, TopicLimit] => {
    const errorCode = wire.int16()
    wire.nullableString() // its message
    wire.int8() // kind of the resource
    const topic = wire.string()
    const settings = wire.array(() => {
      const name = wire.string()
      const value = wire.nullableString()
      for (const _ of ['read only', 'source', 'secret']) wire.int8()
      wire.array(() => [wire.string(), wire.nullableString(), wire.int8()]) // synonyms
      return { name, value }
    })
    const value = settings.find(({ name }) => name === SETTING)?.value
    return [topic, { errorCode, maxMessageBytes: value == null ? undefined : Number(value) }]
  })
  return new Map(limits)
}
