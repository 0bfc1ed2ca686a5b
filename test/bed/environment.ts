import { KafkaAdmin } from './admin.ts'
import { type KafkaOptions, startKafka } from './kafka.ts'

/** A Kafka of which only the plain port is used. */
export interface PlainKafka {
  /** 'host:port', PLAINTEXT, with all rights. */
  readonly server: string
  readonly admin: KafkaAdmin
  /** Ends it if it was started here. */
  close(): Promise<void>
}

/**
 * The Kafka at `IGWN_ALERT_RX_BROKER` ('host:port' of a PLAINTEXT listener with all rights), else one started now.
 *
 * Not possible on a Kafka that is somebody else's: SASL and TLS (its users and certificates are unknown), stopping, killing and pausing
 * brokers, damaging segments, bearer tokens, proxied listeners (`rewriteAddresses` serves instead), `grant` and `revoke` if it has no authorizer, and
 * whatever needs settings of the bed's (short sessions, large messages, no automatic creation of topics). It has to be Kafka 2.8 or newer.
 */
export async function kafkaFromEnvironment(options: KafkaOptions = {}): Promise<PlainKafka> {
  const server = process.env['IGWN_ALERT_RX_BROKER']
  if (server) return plainKafka(server)
  const bed = await startKafka(options)
  return { server: bed.brokers[0]!.plaintext, admin: bed, close: () => bed.close() }
}

/** Somebody else's Kafka: `close` leaves it as it is. */
export function plainKafka(server: string): PlainKafka {
  return { server, admin: new KafkaAdmin([server]), close: async () => {} }
}
