import { IgwnAlertClient, outgoing, type Stored, silentLogger } from 'igwn-alert-rx'
import { expect, it } from 'vitest'
import { uniqueName } from '../bed/bedClient.ts'
import { startProxy, type Verdict } from '../bed/proxy.ts'
import { rewriteAddresses } from '../bed/rewrite.ts'
import { sharedBed } from '../bed/shared.ts'
import { ApiKey } from '../bed/wire.ts'
import { readBack } from '../kafka/writing/readBack.ts'

const RECORDS = 20_000
const KEYS = 30
const SWALLOWED = 200
const WINDOW = 60

/** Each third answer is lost, until 200 are; two of them in silence, which takes its time to be noticed. */
function swallowing() {
  let asked = 0
  let left = SWALLOWED
  const verdict = (): Verdict => {
    if (left === 0 || ++asked % 3 > 0) return 'pass'
    left--
    return left === 150 || left === 50 ? 'swallow-answer' : 'cut-when-answered'
  }
  return { verdict, left: () => left }
}

it('200 answers to Produce are lost among 20 000 records: each send settles, none is lost or doubled, each partition is in order', async () => {
  const bed = sharedBed()
  const topic = uniqueName('swallowed')
  await bed.createTopic(topic, { partitions: 3 })
  const target = bed.brokers[0]!.plaintext
  const { verdict, left } = swallowing()
  await using proxy = await startProxy(target, { onRequest: ({ apiKey }) => (apiKey === ApiKey.Produce ? verdict() : 'pass') })
  proxy.onResponse = rewriteAddresses({ [target]: proxy.address })
  await using client = new IgwnAlertClient({ server: `kafka://${proxy.address}/`, noauth: true, group: null, logger: silentLogger })
  const sink = client.sink<number>(topic)

  const stored: Stored<number>[] = []
  const failed: unknown[] = []
  let next = 0
  const feed = async (): Promise<void> => {
    while (next < RECORDS) {
      const n = next++
      await sink.send(outgoing(n, { key: `key-${n % KEYS}` })).then(
        result => stored.push(result),
        error => failed.push(error),
      )
    }
  }
  await Promise.all(Array.from({ length: WINDOW }, feed))

  expect(left()).toBe(0)
  expect(proxy.stats.cuts.of(ApiKey.Produce) + proxy.stats.swallowed.of(ApiKey.Produce)).toBe(SWALLOWED)
  expect(failed).toEqual([])
  expect(stored).toHaveLength(RECORDS)
  const inLog = await readBack(bed, topic)
  const numbers = inLog.map(({ partition, offset, value }) => ({ partition, offset, n: Number(Buffer.from(value ?? '', 'base64')) }))
  expect(numbers.map(({ n }) => n).sort((a, b) => a - b)).toEqual(Array.from({ length: RECORDS }, (_, n) => n))
  for (const partition of [0, 1, 2]) {
    const ofPartition = numbers.filter(each => each.partition === partition).map(({ n }) => n)
    expect(ofPartition.length).toBeGreaterThan(0)
    expect(ofPartition).toEqual([...ofPartition].sort((a, b) => a - b))
  }
  const places = new Map(numbers.map(({ partition, offset, n }) => [n, `${partition}@${offset}`]))
  const misplaced = stored.filter(
    ({ payload, partition, offset }) => offset !== undefined && places.get(payload) !== `${partition}@${offset}`,
  )
  expect(misplaced).toEqual([])
}, 180_000)
