import { inject } from 'vitest'
import { BedClient, type BedData } from './bedClient.ts'
import { type PlainKafka, plainKafka } from './environment.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The bed that all files of the project share. */
    bed: BedData
    /** 'host:port' for what needs no more than a plain port: that of `IGWN_ALERT_RX_BROKER`, else of the shared bed. */
    plainServer: string
  }
}

/** The single broker that all test files share. Use names of your own (`uniqueName`), and start a bed of your own to stop or kill brokers. */
export function sharedBed(): BedClient {
  return new BedClient(inject('bed'))
}

/** The shared bed's plain port, or the broker that the environment names: see `kafkaFromEnvironment`. */
export function sharedPlainKafka(): PlainKafka {
  return plainKafka(inject('plainServer'))
}
