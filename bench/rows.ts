import type { Contender } from './contenders.ts'

export interface Requirement {
  /** A contender's name. */
  readonly over: string
  /** Our rate is to be so many times its rate. */
  readonly least: number
}

interface Common {
  readonly name: string
  readonly title: string
  /** Ours first. */
  readonly contenders: readonly Contender[]
}

export type Row = Common &
  (
    | {
        readonly kind: 'read' | 'write'
        /** Bytes of an alert as JSON. */
        readonly size: number
        /** Alerts read or written; so many that the first ones, before a just-in-time compiler has done its work, count for little. */
        readonly count: number
        /** Written as bytes that were made before: what the writers alone can do. */
        readonly encoded?: boolean | undefined
        readonly required: readonly Requirement[]
      }
    | {
        readonly kind: 'idle'
        /** Timer callbacks a second of ours. */
        readonly below: number
      }
  )

/** Records of one send, and of one read of igwn-alert with a batch size. */
const BATCH = 500

const readers: readonly Contender[] = [
  { name: 'igwn-alert-rx', program: 'ours_read.mjs', note: "`client.topic(...).pipe(parseJson())`, defaults, `from: 'earliest'`" },
  { name: 'kafkajs', program: 'kafkajs_read.mjs', note: 'Consumer, `eachBatch`, 16 MB a partition, no commits' },
  { name: 'confluent-kafka', program: 'confluent_read.py', note: 'Python, `consume(1000)`, 16 MB a fetch, 200 MB queued, no commits' },
]

const igwn: readonly Contender[] = [
  {
    name: 'igwn-alert',
    program: 'igwn_read.py',
    count: 400,
    toTheEnd: true,
    note: 'Python, its listener at its defaults, until it has returned: each alert is a commit',
  },
  {
    name: 'igwn-alert, handed on',
    program: 'igwn_read.py',
    count: 10_000,
    note: 'the same, until the last callback: commits pile up',
  },
  {
    name: 'igwn-alert, 500',
    program: 'igwn_read.py',
    count: 10_000,
    batch: BATCH,
    toTheEnd: true,
    note: 'Python, its listener, `batch_size=500`, until it has returned',
  },
]

const writers: readonly Contender[] = [
  { name: 'igwn-alert-rx', program: 'ours_write.mjs', batch: BATCH, note: '`client.sink(topic)`, 500 `send()`, awaited; idempotent' },
  {
    name: 'igwn-alert-rx, free',
    program: 'ours_write.mjs',
    note: '`await sink.ready()`, `sink.next()`, `await sink.flush()` at the end; idempotent',
  },
  { name: 'kafkajs', program: 'kafkajs_write.mjs', batch: BATCH, note: 'Producer, `send()` of 500, awaited; its default, not idempotent' },
  {
    name: 'confluent-kafka',
    program: 'confluent_write.py',
    batch: BATCH,
    note: 'Python, 500 `produce()`, `flush()`; its default, not idempotent',
  },
]

export const rows: readonly Row[] = [
  {
    name: 'read-1k',
    title: 'Reading alerts of 1 KB: JSON parsed, FAR summed',
    kind: 'read',
    size: 1_000,
    count: 600_000,
    contenders: [...readers, ...igwn],
    required: [
      { over: 'kafkajs', least: 1.4 },
      { over: 'confluent-kafka', least: 1.2 },
      { over: 'igwn-alert', least: 1000 },
    ],
  },
  {
    name: 'read-10k',
    title: 'Reading alerts of 10 KB: JSON parsed, FAR summed',
    kind: 'read',
    size: 10_000,
    count: 120_000,
    contenders: readers,
    required: [],
  },
  {
    name: 'read-100k',
    title: 'Reading alerts of 100 KB: JSON parsed, FAR summed',
    kind: 'read',
    size: 100_000,
    count: 15_000,
    contenders: readers,
    required: [{ over: 'kafkajs', least: 1.1 }],
  },
  {
    name: 'write-1k',
    title: 'Writing alerts of 1 KB, made JSON on the way, acknowledged by all replicas',
    kind: 'write',
    size: 1_000,
    count: 200_000,
    contenders: writers,
    required: [{ over: 'kafkajs', least: 2 }],
  },
  {
    name: 'write-1k-bytes',
    title: 'The same, made JSON before',
    kind: 'write',
    size: 1_000,
    count: 200_000,
    encoded: true,
    contenders: writers,
    required: [],
  },
  {
    name: 'idle',
    title: 'An idle reader on one leader',
    kind: 'idle',
    contenders: [
      { name: 'igwn-alert-rx', program: 'ours_idle.mjs', note: '`client.topic(...).subscribe()`, defaults' },
      { name: 'kafkajs', program: 'kafkajs_idle.mjs', note: 'Consumer, defaults' },
    ],
    below: 10,
  },
]
