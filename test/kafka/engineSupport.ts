import kafkajs from 'kafkajs'

const { Kafka, logLevel, Partitioners } = kafkajs

export interface Batch {
  readonly topic: string
  readonly partition: number
  readonly values: readonly (string | Buffer | null)[]
  readonly timestamp?: number | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** @default none: stored at once */
  readonly transaction?: 'commit' | 'abort' | undefined
}

/** Writes one batch over a plain port by another client than ours; gives its first offset. */
export async function writeBatch(address: string, { topic, partition, values, timestamp, headers, transaction }: Batch): Promise<number> {
  const kafka = new Kafka({ brokers: [address], clientId: 'engine-test', logLevel: logLevel.NOTHING })
  const common = { allowAutoTopicCreation: false, createPartitioner: Partitioners.DefaultPartitioner }
  const id = transaction === undefined ? {} : { transactionalId: `engine-${Math.random()}`, idempotent: true, maxInFlightRequests: 1 }
  const producer = kafka.producer({ ...common, ...id })
  await producer.connect()
  try {
    const messages = values.map(value => ({
      partition,
      value,
      ...(timestamp !== undefined && { timestamp: String(timestamp) }),
      ...(headers !== undefined && { headers: { ...headers } }),
    }))
    const sender = transaction === undefined ? producer : await producer.transaction()
    const [stored] = await sender.send({ topic, messages, acks: -1 })
    if ('abort' in sender) await (transaction === 'abort' ? sender.abort() : sender.commit())
    return Number(stored!.baseOffset)
  } finally {
    await producer.disconnect()
  }
}

/** TCP connections that this process has open. */
export function openSockets(): number {
  return process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap' || name === 'TLSWrap').length
}
