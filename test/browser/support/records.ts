import { firstValueFrom, map, toArray } from 'rxjs'
import { decode, IgwnAlertClient, type RecordJson, silentLogger } from '../../../src/index.ts'
import { type MemoryTransport, sampleAlerts } from '../../../src/testing.ts'
import { TOPIC } from './site.ts'

const text = new TextEncoder()

/** Publishes records of every kind: alerts, other JSON, what Python alone reads, keys and headers, bytes, line breaks. */
export function publishEveryKind({ log }: MemoryTransport): void {
  const values = [
    ...sampleAlerts(['EARLYWARNING', 'PRELIMINARY', 'INITIAL', 'RETRACTION']),
    'text',
    7,
    null,
    ['\r\n\r\nevent: bye\u2028\0'],
  ]
  for (const value of values) log.append(TOPIC, { value: JSON.stringify(value), partition: 0 })
  log.append(TOPIC, { value: '"{\\"uid\\":\\"S1\\"}"', partition: 1 })
  log.append(TOPIC, {
    value: '{"far": NaN, "x": [Infinity]}',
    partition: 1,
    key: 'S1',
    headers: [header('_sender', 'alice'), header('n', null)],
  })
  log.append(TOPIC, { value: new Uint8Array([0, 255, 13, 10]), partition: 1, headers: [header('_format', 'blob')] })
}

const header = (name: string, value: string | null) => ({ name, value: value === null ? null : text.encode(value) })

/** What a client of the same log reads in Node. */
export async function readDirectly(transport: MemoryTransport): Promise<RecordJson[]> {
  const client = new IgwnAlertClient({ transport, logger: silentLogger, from: 'earliest', untilEnd: true })
  const records = await firstValueFrom(
    client.topic('superevent').pipe(
      decode({ unwrap: 3 }),
      map(record => record.toJSON()),
      toArray(),
    ),
  )
  await client.close()
  return records
}

/** Order is kept within a partition. */
export const byPlace = <R extends { readonly partition: number; readonly offset: number }>(records: readonly R[]): R[] =>
  [...records].sort((a, b) => a.partition - b.partition || a.offset - b.offset)
