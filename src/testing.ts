/**
 * Unit-test a pipeline without a broker: a log in memory with Kafka's semantics and faults on demand, time that a test moves, made-up alerts.
 * Runs anywhere.
 *
 * @module igwn-alert-rx/testing
 */
export type { Clock } from './clock.ts'
export { schedulerOf } from './operators/schedulerOf.ts'
export type { RawRecord } from './record.ts'
export { type AlertType, type SampleAlert, type SampleEvent, type SampleOptions, sampleAlerts } from './testing/alerts.ts'
export { type NightMessage, sampleNight } from './testing/night.ts'
export { VirtualClock } from './testing/VirtualClock.ts'
export type { Assigner } from './transports/assigners.ts'
export type { KafkaErrorName } from './transports/codes.generated.ts'
export type { FaultKind, FaultOptions, FaultPoint } from './transports/memory/faults.ts'
export type { GroupMember } from './transports/memory/MemoryGroup.ts'
export { MemoryLog, type MemoryLogOptions, type MemoryTopic, type TopicOptions } from './transports/memory/MemoryLog.ts'
export type { MemoryPartition } from './transports/memory/MemoryPartition.ts'
export type { Bytes, MemoryRecord, NewRecord } from './transports/memory/MemoryRecord.ts'
export { MemoryTransport, type MemoryTransportOptions, type OpenCounts } from './transports/memory/MemoryTransport.ts'
export type { Operation } from './transports/memory/rights.ts'
export type { Credential, Credentials, PasswordCredential, TokenCredential } from './transports/transport.ts'
