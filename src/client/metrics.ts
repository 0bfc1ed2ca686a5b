import type { Clock } from '../clock.ts'
import type { LiveReading } from '../sources/LiveReadings.ts'
import type { Counters } from './Counters.ts'

/**
 * What a client has done and where it stands, at one moment; plain numbers, fit for JSON. What is not called a gauge is a counter: it begins
 * at 0 and only grows while the client lives.
 */
export interface ClientMetrics {
  /** The moment, ms since 1970. */
  readonly time: number
  readonly server: string
  /** Gauge: live subscriptions of streams, those of `listen()` too; one that ends is live until its started work is done. */
  readonly streams: number
  /** Gauge: how many of them are connected now. */
  readonly connected: number
  /** Tries to connect again after a trouble, of one partition or of all: `status$` 'reconnecting'. */
  readonly reconnects: number
  /** The broker refused credentials, a right or a topic: `status$` 'refused'. */
  readonly refusals: number
  /** Handled prefixes that were written down: to a consumer group, or to a Checkpoint's store. */
  readonly commits: number
  /** Those that were not, and are tried again. */
  readonly commitFailures: number
  /** By Kafka's name, of each topic that was read or written so far. */
  readonly topics: Readonly<Record<string, TopicMetrics>>
}

/** Of one topic, over all streams and sinks of the client. */
export interface TopicMetrics {
  /** Records given to streams; each stream counts. */
  readonly delivered: number
  /** Of those delivered: again, after `retryOnFatal` had resumed. */
  readonly redelivered: number
  /** Records behind the handled prefix: done, and never delivered again. */
  readonly handled: number
  /** Records that could not be handled: `fail()`, `handle`'s default dead letter, a throw of `listen`'s callback. They count as handled as well. */
  readonly failed: number
  /** Test messages (or all others) that `tests` keeps out. */
  readonly excluded: number
  /** Ranges of records that are not read: `status$` 'gap'. */
  readonly gaps: number
  /** Offsets in those ranges. */
  readonly missing: number
  /** Records were held longer than `ackTimeout`: `status$` 'stalled', again each time that one is held twice as long. */
  readonly stalls: number
  /** Gauge: records that were delivered and are still at work. */
  readonly unhandled: number
  /** Gauge: since the oldest of them was delivered, ms; undefined: there is none. */
  readonly oldestUnhandled?: number | undefined
  /** Gauge: offsets between the position and the end, as last heard, by partition that is read now; of several streams the largest. */
  readonly lag: Readonly<Record<number, number>>
  /** Messages that the broker has stored. */
  readonly published: number
  /** Messages that were not, or perhaps not, stored. */
  readonly publishFailures: number
  /** Payloads that were fetched from where hop put them, because they were too large for the topic. */
  readonly fetched: number
  /** Those that could not be. */
  readonly fetchFailures: number
}

/** What is read of one topic now. */
interface Gauges {
  unhandled: number
  oldestUnhandled: number | undefined
  readonly lag: Record<number, number>
}

export interface MetricsContext {
  readonly clock: Clock
  readonly server: string
  readonly counters: Counters
  readonly readings: readonly LiveReading[]
  /** How many of them are. */
  readonly connected: number
}

export function takeMetrics({ clock, server, counters, readings, connected }: MetricsContext): ClientMetrics {
  const { reconnects, refusals, commits, commitFailures } = counters
  const gauges = gaugesOf(readings, Math.floor(clock.tick()))
  const topics = [...counters.topics].map(([topic, counts]) => [topic, { ...counts, ...(gauges.get(topic) ?? noGauges()) }] as const)
  const streams = readings.length
  const own = { time: clock.now(), server, streams, connected, reconnects, refusals, commits, commitFailures }
  return { ...own, topics: Object.fromEntries(topics) }
}

const noGauges = (): Gauges => ({ unhandled: 0, oldestUnhandled: undefined, lag: {} })

/** @param now by the clock's tick, whole ms */
function gaugesOf(readings: readonly LiveReading[], now: number): Map<string, Gauges> {
  const gauges = new Map<string, Gauges>()
  const parts = readings.flatMap(reading => [...reading.parts.values()])
  for (const { place, lag, window } of parts) {
    const own = gauges.get(place.fullTopic) ?? noGauges()
    gauges.set(place.fullTopic, own)
    own.lag[place.partition] = Math.max(own.lag[place.partition] ?? 0, lag)
    for (const token of window) {
      if (token.settled) continue
      own.unhandled++
      own.oldestUnhandled = Math.max(own.oldestUnhandled ?? 0, now - token.since)
    }
  }
  return gauges
}
