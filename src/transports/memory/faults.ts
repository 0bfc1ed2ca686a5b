import { AlertError, type AlertErrorCode } from '../../errors.ts'
import { type KafkaErrorName, kafkaError } from '../codes.ts'

/** The request that goes wrong. `connect`: what comes before any other. `offsets`: what a group has committed, asked for after each join. */
export type FaultPoint = 'connect' | 'describe' | 'locate' | 'fetch' | 'join' | 'offsets' | 'heartbeat' | 'commit' | 'write' | 'delete'

/** Where `MemoryTransport.fail` strikes. */
export interface FaultOptions {
  readonly at: FaultPoint
  /** Only what concerns this full topic. @default any */
  readonly topic?: string | undefined
  /** Only this partition of it. @default any */
  readonly partition?: number | undefined
  /** How many times; Infinity until it is called off. @default 1 */
  readonly times?: number | undefined
}

/** What goes wrong: Kafka's error by its name or number, or any error. */
export type FaultKind = KafkaErrorName | number | AlertError

interface Fault extends FaultOptions {
  readonly kind: FaultKind
  left: number
}

/** Faults on demand, the oldest first. */
export class Faults {
  readonly #faults = new Set<Fault>()

  /** @returns what calls it off */
  add(kind: FaultKind, options: FaultOptions): () => void {
    const fault = { ...options, kind, left: options.times ?? 1 }
    this.#faults.add(fault)
    return () => this.#faults.delete(fault)
  }

  /** The error that this request meets, if any. Without a topic: only faults that name none. */
  take(at: FaultPoint, topic?: string, partition?: number): AlertError | undefined {
    for (const fault of this.#faults) {
      if (fault.at !== at) continue
      if (fault.topic !== undefined && fault.topic !== topic) continue
      if (fault.partition !== undefined && fault.partition !== partition) continue
      if (--fault.left <= 0) this.#faults.delete(fault)
      return errorOf(fault, at, topic)
    }
    return undefined
  }
}

function errorOf({ kind }: Fault, at: FaultPoint, topic: string | undefined): AlertError {
  return kind instanceof AlertError ? kind : kafkaError(kind, topic === undefined ? at : `${at} of ${topic}`)
}

/** The connection is gone: who asked does so again, on another one. */
export const isLostConnection = ({ code }: AlertError): boolean => code === 'ALERT_CONNECTION' || code === 'ALERT_TIMEOUT'

/** Waiting cures it. */
export const isTransient = (error: AlertError): boolean =>
  isLostConnection(error) || error.code === 'ALERT_BROKER' || error.code === 'ALERT_LEADER'

const OF_A_TOPIC: ReadonlySet<AlertErrorCode> = new Set<AlertErrorCode>([
  'ALERT_TOPIC_UNKNOWN',
  'ALERT_TOPIC_FORBIDDEN',
  'ALERT_TOPIC_INVALID',
])

/** Other topics go on. */
export const isOfTopic = ({ code }: AlertError): boolean => OF_A_TOPIC.has(code)

const COORDINATOR_AWAY: ReadonlySet<string | undefined> = new Set<KafkaErrorName>([
  'COORDINATOR_LOAD_IN_PROGRESS',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
])

/** The group's coordinator is elsewhere or not ready: member and generation stay good. */
export const isCoordinatorAway = (error: AlertError): boolean => isLostConnection(error) || COORDINATOR_AWAY.has(error.kafka)
