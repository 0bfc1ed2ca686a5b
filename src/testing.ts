// Unit-test a pipeline without a broker: a log in memory with Kafka's semantics and faults on demand, time that a test moves, made-up alerts.
export type { Clock } from './clock.ts'
export { type AlertType, type SampleAlert, type SampleEvent, type SampleOptions, sampleAlerts } from './testing/alerts.ts'
export { type NightMessage, sampleNight } from './testing/night.ts'
export { VirtualClock } from './testing/VirtualClock.ts'
export { MemoryLog, type MemoryLogOptions, type TopicOptions } from './transports/memory/MemoryLog.ts'
export { MemoryTransport, type MemoryTransportOptions, type OpenCounts } from './transports/memory/MemoryTransport.ts'
