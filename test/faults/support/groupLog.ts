import type { BedClient } from '../../bed/bedClient.ts'
import { type ConfluentLine, confluentRead } from '../../bed/peerPrograms.ts'
import { WireReader } from '../../bed/wire.ts'

/** A commit as the broker wrote it down. */
export interface Commit {
  readonly partition: number
  readonly offset: number
  /** ms since 1970. */
  readonly at: number
}

/** What a broker wrote down of a group: every commit of one topic, in its order, and how often the group was shared out. */
export interface GroupLog {
  readonly commits: readonly Commit[]
  readonly generations: number
}

const LOG = '__consumer_offsets'
const OFFSET_KEYS: readonly number[] = [0, 1]
const GROUP_KEY = 2
/** From this version on, strings are compact. */
const FLEXIBLE = 4

type LogLine = Extract<ConfluentLine, { readonly offset: number }>

/** Reads Kafka's own log of its groups, up to the commits of `ends`: the last of each partition. */
export async function readGroupLog(bed: BedClient, group: string, topic: string, ends: readonly number[]): Promise<GroupLog> {
  const commits: Commit[] = []
  const generations = new Set<number>()
  const left = new Map(ends.entries())
  const take = ({ key, value, timestamp }: LogLine): void => {
    if (key === null || value === null) return
    const [keys, values] = [new WireReader(Buffer.from(key, 'base64')), new WireReader(Buffer.from(value, 'base64'))]
    const [kind, version] = [keys.int16(), values.int16()]
    if (keys.string() !== group) return
    if (kind === GROUP_KEY) {
      values.string(version >= FLEXIBLE) // the protocol's type
      generations.add(values.int32())
    } else if (OFFSET_KEYS.includes(kind) && keys.string() === topic) {
      const [partition, offset] = [keys.int32(), Number(values.int64())]
      commits.push({ partition, offset, at: timestamp })
      if (left.get(partition) === offset) left.delete(partition)
    }
  }
  await using reader = await confluentRead(bed.access(), { topics: [LOG], start: 'earliest' })
  for (let read = 0; left.size > 0; ) {
    const lines = await reader.until(read + 1, 30_000)
    for (; read < lines.length; read++) {
      const line = lines[read]!
      if ('offset' in line) take(line)
    }
  }
  return { commits, generations: generations.size }
}
