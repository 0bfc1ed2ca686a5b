import { expect } from 'vitest'
import type { BedClient } from '../../bed/bedClient.ts'
import { type ConfluentLine, confluentRead } from '../../bed/peerPrograms.ts'
import type { Written } from './RealWriter.ts'

export type ReadRecord = Extract<ConfluentLine, { readonly offset: number }>

/** All that is in a topic, as librdkafka reads it. */
export async function readBack(bed: BedClient, topic: string): Promise<readonly ReadRecord[]> {
  const count = (await bed.endOffsets(topic)).reduce((sum, end) => sum + end, 0)
  if (count === 0) return []
  const reader = await confluentRead(bed.access(), { topics: [topic], count })
  return (await reader.result).lines.filter(line => 'offset' in line)
}

/** What the log says of records that were written in the order of their numbers. */
export interface Balance {
  /** Said to be stored, and not there. */
  readonly lost: number
  readonly doubled: number
  /** Said not to be stored, and there. */
  readonly denied: number
  readonly disordered: number
  /** Said to be at an offset where another one is. */
  readonly misplaced: number
}

export const PERFECT: Balance = { lost: 0, doubled: 0, denied: 0, disordered: 0, misplaced: 0 }

export function balance(written: readonly Written[], read: readonly ReadRecord[]): Balance {
  const places = new Map<string, string>()
  const last = new Map<number, number>()
  let doubled = 0
  let disordered = 0
  for (const { partition, offset, value } of read) {
    const text = Buffer.from(value ?? '', 'base64').toString()
    if (places.has(text)) doubled++
    else places.set(text, `${partition}:${offset}`)
    if (Number(text) < (last.get(partition) ?? -1)) disordered++
    last.set(partition, Number(text))
  }
  let [lost, denied, misplaced] = [0, 0, 0]
  for (const { value, outcome } of written) {
    expect(outcome, `${value} never settled`).toBeDefined()
    const place = places.get(value)
    if (outcome?.error) denied += outcome.stored === false && place ? 1 : 0
    else if (!place) lost++
    else if (outcome?.offset !== undefined && place !== `${outcome.partition}:${outcome.offset}`) misplaced++
  }
  return { lost, doubled, denied, disordered, misplaced }
}
