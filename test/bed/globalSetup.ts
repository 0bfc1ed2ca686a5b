import type { TestProject } from 'vitest/node'
import { SHARED_OUT_AT_ONCE, startKafka } from './kafka.ts'
import { prepare } from './prepare.ts'
import type {} from './shared.ts'

/** Starts the broker that the tests share, after making sure that all it takes is in the cache. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  await prepare()
  // The faults wait as long as with Kafka's default: their figures are promises.
  const bed = await startKafka(project.name === 'real' ? { properties: SHARED_OUT_AT_ONCE } : {})
  project.provide('bed', bed.data)
  project.provide('plainServer', process.env['IGWN_ALERT_RX_BROKER'] || bed.brokers[0]!.plaintext)
  return () => bed.close()
}
