import { AlertError, type AlertErrorCode, type AlertErrorOptions } from '../errors.ts'
import { KAFKA_ERROR_CODES, type KafkaErrorCode, type KafkaErrorName } from './codes.generated.ts'

export type { KafkaErrorCode, KafkaErrorName } from './codes.generated.ts'

/** What a code means to us, and how to mend it where a sentence helps. */
interface Reaction {
  readonly code: AlertErrorCode
  readonly mend?: string
}

const is = (code: AlertErrorCode, mend?: string): Reaction => ({ code, ...(mend !== undefined && { mend }) })

/** What is not named here is ALERT_BROKER: the broker could not do it now, try again. */
const REACTIONS: Readonly<Partial<Record<KafkaErrorName, Reaction>>> = {
  // Who we are
  SASL_AUTHENTICATION_FAILED: is('ALERT_CREDENTIALS', 'Check the username and the password'),
  UNSUPPORTED_SASL_MECHANISM: is('ALERT_CREDENTIALS', 'Name a mechanism that the broker offers'),
  DELEGATION_TOKEN_NOT_FOUND: is('ALERT_CREDENTIALS', 'Ask for a new token'),
  DELEGATION_TOKEN_EXPIRED: is('ALERT_CREDENTIALS', 'Ask for a new token'),
  UNACCEPTABLE_CREDENTIAL: is('ALERT_CREDENTIALS'),

  // What the other side speaks
  ILLEGAL_SASL_STATE: is('ALERT_PROTOCOL', 'This port may not take credentials: check the port, or connect without them'),
  UNSUPPORTED_VERSION: is('ALERT_PROTOCOL', 'Kafka 2.3 or later is needed'),
  UNSUPPORTED_FOR_MESSAGE_FORMAT: is('ALERT_PROTOCOL', "The topic's message format is too old: have it raised at the broker"),
  MISMATCHED_ENDPOINT_TYPE: is('ALERT_PROTOCOL', "Connect to a broker's port, not to a controller's"),
  UNSUPPORTED_ENDPOINT_TYPE: is('ALERT_PROTOCOL', "Connect to a broker's port, not to a controller's"),

  // A partition's leader
  LEADER_NOT_AVAILABLE: is('ALERT_LEADER'),
  NOT_LEADER_OR_FOLLOWER: is('ALERT_LEADER'),
  REPLICA_NOT_AVAILABLE: is('ALERT_LEADER'),
  NETWORK_EXCEPTION: is('ALERT_LEADER'),
  KAFKA_STORAGE_ERROR: is('ALERT_LEADER'),
  LISTENER_NOT_FOUND: is('ALERT_LEADER'),
  FENCED_LEADER_EPOCH: is('ALERT_LEADER'),
  UNKNOWN_LEADER_EPOCH: is('ALERT_LEADER'),
  OFFSET_NOT_AVAILABLE: is('ALERT_LEADER'),

  // A topic and what is in it
  UNKNOWN_TOPIC_OR_PARTITION: is('ALERT_TOPIC_UNKNOWN', 'Check its name; a topic that this user may not describe looks the same'),
  TOPIC_AUTHORIZATION_FAILED: is(
    'ALERT_TOPIC_FORBIDDEN',
    'Ask for the right (READ, or WRITE to publish) on the topic; users see only what was granted',
  ),
  INVALID_TOPIC_EXCEPTION: is('ALERT_TOPIC_INVALID', 'A name has up to 249 of the characters a-z A-Z 0-9 . _ -'),
  UNKNOWN_TOPIC_ID: is('ALERT_TOPIC_RECREATED'),
  INCONSISTENT_TOPIC_ID: is('ALERT_TOPIC_RECREATED'),
  OFFSET_OUT_OF_RANGE: is('ALERT_OFFSET_RANGE'),
  CORRUPT_MESSAGE: is('ALERT_DAMAGED'),
  UNSUPPORTED_COMPRESSION_TYPE: is('ALERT_DAMAGED'),

  // A message to be written
  MESSAGE_TOO_LARGE: is('ALERT_TOO_LARGE', "The topic's max.message.bytes decides: send less, compress it, or have it raised"),
  RECORD_LIST_TOO_LARGE: is('ALERT_TOO_LARGE', "The topic's segment.bytes decides: send less, compress it, or have it raised"),
  INVALID_RECORD: is('ALERT_UNWRITABLE', 'A compacted topic takes no record without a key; the broker may have rules of its own'),
  INVALID_TIMESTAMP: is('ALERT_UNWRITABLE', "The topic does not take a time so far from the broker's: check the clock"),

  // A consumer group
  GROUP_AUTHORIZATION_FAILED: is(
    'ALERT_GROUP_FORBIDDEN',
    'Ask for the READ right on the consumer group, name one that is granted, or read without one',
  ),
  INVALID_GROUP_ID: is('ALERT_GROUP_INVALID', 'Name a consumer group'),
  INCONSISTENT_GROUP_PROTOCOL: is('ALERT_GROUP_INVALID', 'The other members assign neither by range nor by roundrobin: name another group'),
  INVALID_SESSION_TIMEOUT: is(
    'ALERT_GROUP_INVALID',
    "sessionTimeout has to be within the broker's group.min.session.timeout.ms and group.max.session.timeout.ms",
  ),
  UNSUPPORTED_ASSIGNOR: is('ALERT_GROUP_INVALID'),
  INVALID_REGULAR_EXPRESSION: is('ALERT_GROUP_INVALID'),
  GROUP_MAX_SIZE_REACHED: is('ALERT_BROKER', 'The group takes no more members: end one, or name another group'),
  FENCED_INSTANCE_ID: is('ALERT_GROUP_FENCED', 'Another process runs with the same instanceId: give each its own'),
  UNRELEASED_INSTANCE_ID: is('ALERT_GROUP_FENCED', 'Another process runs with the same instanceId: give each its own'),
  ILLEGAL_GENERATION: is('ALERT_REJOIN'),
  UNKNOWN_MEMBER_ID: is('ALERT_REJOIN'),
  REBALANCE_IN_PROGRESS: is('ALERT_REJOIN'),
  MEMBER_ID_REQUIRED: is('ALERT_REJOIN'),
  FENCED_MEMBER_EPOCH: is('ALERT_REJOIN'),
  STALE_MEMBER_EPOCH: is('ALERT_REJOIN'),
  GROUP_ID_NOT_FOUND: is('ALERT_REJOIN'),

  // Other rights
  CLUSTER_AUTHORIZATION_FAILED: is('ALERT_FORBIDDEN', 'Ask for the right on the cluster'),
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: is('ALERT_FORBIDDEN'),
  DELEGATION_TOKEN_AUTHORIZATION_FAILED: is('ALERT_FORBIDDEN'),
  TOPIC_DELETION_DISABLED: is('ALERT_FORBIDDEN', "The broker's delete.topic.enable is false"),
  POLICY_VIOLATION: is('ALERT_FORBIDDEN', 'The cluster has a policy against it: ask who runs it'),

  // Requests that no waiting makes right
  NONE: is('ALERT_REQUEST'),
  INVALID_FETCH_SIZE: is('ALERT_REQUEST'),
  OFFSET_METADATA_TOO_LARGE: is('ALERT_REQUEST'),
  INVALID_REQUIRED_ACKS: is('ALERT_REQUEST'),
  INVALID_COMMIT_OFFSET_SIZE: is('ALERT_REQUEST'),
  TOPIC_ALREADY_EXISTS: is('ALERT_REQUEST'),
  INVALID_PARTITIONS: is('ALERT_REQUEST'),
  INVALID_REPLICATION_FACTOR: is('ALERT_REQUEST'),
  INVALID_REPLICA_ASSIGNMENT: is('ALERT_REQUEST'),
  INVALID_CONFIG: is('ALERT_REQUEST'),
  INVALID_REQUEST: is('ALERT_REQUEST'),
  INVALID_TXN_STATE: is('ALERT_REQUEST'),
  INVALID_PRODUCER_ID_MAPPING: is('ALERT_REQUEST'),
  INVALID_TRANSACTION_TIMEOUT: is('ALERT_REQUEST'),
  TRANSACTIONAL_ID_NOT_FOUND: is('ALERT_REQUEST'),
  SECURITY_DISABLED: is('ALERT_REQUEST'),
  LOG_DIR_NOT_FOUND: is('ALERT_REQUEST'),
  DELEGATION_TOKEN_AUTH_DISABLED: is('ALERT_REQUEST'),
  DELEGATION_TOKEN_OWNER_MISMATCH: is('ALERT_REQUEST'),
  DELEGATION_TOKEN_REQUEST_NOT_ALLOWED: is('ALERT_REQUEST'),
  INVALID_PRINCIPAL_TYPE: is('ALERT_REQUEST'),
  NON_EMPTY_GROUP: is('ALERT_REQUEST'),
  GROUP_SUBSCRIBED_TO_TOPIC: is('ALERT_REQUEST'),
  RESOURCE_NOT_FOUND: is('ALERT_REQUEST'),
  DUPLICATE_RESOURCE: is('ALERT_REQUEST'),
  INVALID_UPDATE_VERSION: is('ALERT_REQUEST'),
  STREAMS_INVALID_TOPOLOGY: is('ALERT_REQUEST'),
}

/** How to mend MESSAGE_TOO_LARGE where the topic's limit is known. */
export const sizeLimitMend = (limit: number): string =>
  `The topic takes ${limit} bytes (max.message.bytes): send less, compress it, or have it raised`

const TRANSIENT: Reaction = is('ALERT_BROKER')

const byCode: ReadonlyMap<number, KafkaErrorCode> = new Map(KAFKA_ERROR_CODES.map(entry => [entry.code, entry]))
const byName: ReadonlyMap<string, KafkaErrorCode> = new Map(KAFKA_ERROR_CODES.map(entry => [entry.name, entry]))

/** What Kafka says about a code, or about a name; undefined for those of a newer broker. */
export function kafkaErrorCode(codeOrName: number | KafkaErrorName): KafkaErrorCode | undefined {
  return typeof codeOrName === 'number' ? byCode.get(codeOrName) : byName.get(codeOrName)
}

/**
 * A code that a broker answered, as an error: its `code` says what it means to us, `kafka` is Kafka's name. Never fatal: only who has
 * tried again may call it so. A code that is not known here, of a newer broker, is ALERT_BROKER and named by its number.
 *
 * @param where what was asked for, as the message begins: `fetch of gracedb.superevent[0]`
 */
export function kafkaError(
  codeOrName: number | KafkaErrorName,
  where: string,
  options: Pick<AlertErrorOptions, 'cause' | 'mend' | 'hint'> = {},
): AlertError {
  const known = kafkaErrorCode(codeOrName)
  if (!known) {
    return new AlertError('ALERT_BROKER', `${where}: error code ${codeOrName}, which is unknown here`, {
      ...options,
      kafka: `${codeOrName}`,
    })
  }
  const { code: meaning, mend } = REACTIONS[known.name] ?? TRANSIENT
  const message = known.message.replace(/\.$/, '')
  return new AlertError(meaning, `${where}: ${known.name} (${known.code}): ${message}`, { mend, ...options, kafka: known.name })
}
