/**
 * What an error code in the answer to Produce means for its batch.
 *
 * - stored: it is in the log
 * - again: not now
 * - moved: not here, ask who leads the partition
 * - renew: the broker does not know our sequence numbers (any more): take a new producer id
 * - plain: no right to be idempotent: write without a producer id
 * - split: too many bytes: fewer records may pass
 * - sift: a record is wrong for the topic: the others may pass
 * - refused: no other try will do better
 */
export type Verdict = 'stored' | 'again' | 'moved' | 'renew' | 'plain' | 'split' | 'sift' | 'refused'

export interface Reaction {
  readonly verdict: Verdict
  /** It may be in a log in spite of the code. */
  readonly unsure: boolean
}

export const MESSAGE_TOO_LARGE = 10
export const DUPLICATE_SEQUENCE_NUMBER = 46

const CERTAIN: Readonly<Record<Verdict, readonly number[]>> = {
  stored: [0, DUPLICATE_SEQUENCE_NUMBER],
  again: [
    2, // CORRUPT_MESSAGE: damaged on its way
    14, // COORDINATOR_LOAD_IN_PROGRESS: InitProducerId while the broker gets new ids
    15, // COORDINATOR_NOT_AVAILABLE
    16, // NOT_COORDINATOR
    19, // NOT_ENOUGH_REPLICAS
    89, // THROTTLING_QUOTA_EXCEEDED
  ],
  moved: [
    3, // UNKNOWN_TOPIC_OR_PARTITION: a fresh look tells whether it is there at all
    5, // LEADER_NOT_AVAILABLE
    6, // NOT_LEADER_OR_FOLLOWER
    8, // BROKER_NOT_AVAILABLE
    9, // REPLICA_NOT_AVAILABLE
    74, // FENCED_LEADER_EPOCH
    75, // UNKNOWN_LEADER_EPOCH
  ],
  renew: [
    45, // OUT_OF_ORDER_SEQUENCE_NUMBER
    47, // INVALID_PRODUCER_EPOCH
    59, // UNKNOWN_PRODUCER_ID
  ],
  plain: [31], // CLUSTER_AUTHORIZATION_FAILED: brokers before 2.8, and some hosted ones
  split: [
    MESSAGE_TOO_LARGE,
    18, // RECORD_LIST_TOO_LARGE
  ],
  sift: [
    32, // INVALID_TIMESTAMP
    87, // INVALID_RECORD
  ],
  refused: [
    17, // INVALID_TOPIC_EXCEPTION
    21, // INVALID_REQUIRED_ACKS
    29, // TOPIC_AUTHORIZATION_FAILED
    35, // UNSUPPORTED_VERSION
    42, // INVALID_REQUEST
    43, // UNSUPPORTED_FOR_MESSAGE_FORMAT
    44, // POLICY_VIOLATION
    53, // TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    76, // UNSUPPORTED_COMPRESSION_TYPE
  ],
}

const UNSURE: Readonly<Partial<Record<Verdict, readonly number[]>>> = {
  again: [
    7, // REQUEST_TIMED_OUT: appended, the replicas did not say so in time
    13, // NETWORK_EXCEPTION
    20, // NOT_ENOUGH_REPLICAS_AFTER_APPEND
  ],
  moved: [56], // KAFKA_STORAGE_ERROR: the disk failed somewhere on the way
}

const REACTIONS: ReadonlyMap<number, Reaction> = new Map([...reactions(CERTAIN, false), ...reactions(UNSURE, true)])

/** A code that is not known here says nothing of the batch's fate. */
const UNKNOWN: Reaction = { verdict: 'refused', unsure: true }

export const reactionTo = (code: number): Reaction => REACTIONS.get(code) ?? UNKNOWN

function reactions(codes: Readonly<Partial<Record<Verdict, readonly number[]>>>, unsure: boolean): [number, Reaction][] {
  return Object.entries(codes).flatMap(([verdict, own]) =>
    own.map((code): [number, Reaction] => [code, { verdict: verdict as Verdict, unsure }]),
  )
}
