/** An encoded request body. */
export interface EncodedBody {
  readonly buffer: Uint8Array
}

/** A request as kafkajs's encoders, and our own, give it. */
export interface RequestMessage {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
  encode(): EncodedBody | Promise<EncodedBody>
}

/** How an answer is read: `decode` the bytes behind its header, then `parse` what was decoded. */
export interface ResponseReader<Decoded, Parsed = Decoded> {
  decode(payload: Buffer): Decoded | Promise<Decoded>
  parse(decoded: Decoded): Parsed | Promise<Parsed>
}

/** A request with the reader of its answer. */
export interface Message<Decoded, Parsed = Decoded> {
  readonly request: RequestMessage
  readonly response: ResponseReader<Decoded, Parsed>
}

/** What every answer may carry: for how long the broker asks us to be quiet, ms. */
interface Throttled {
  readonly clientSideThrottleTime?: number | undefined
}

/** The requests that are encoded and decoded by kafkajs: what goes in and what comes out. 64-bit numbers come out as text. */
export interface Apis {
  readonly ApiVersions: {
    readonly args: Record<string, never>
    readonly answer: Throttled & {
      readonly errorCode: number
      readonly apiVersions: readonly { readonly apiKey: number; readonly minVersion: number; readonly maxVersion: number }[]
    }
  }
  readonly Metadata: {
    /** An empty list asks for all topics. */
    readonly args: { readonly topics: readonly string[]; readonly allowAutoTopicCreation: boolean }
    readonly answer: Throttled & {
      readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[]
      readonly controllerId: number
      readonly topicMetadata: readonly {
        readonly topicErrorCode: number
        readonly topic: string
        readonly isInternal: boolean
        readonly partitionMetadata: readonly { readonly partitionId: number; readonly leader: number }[]
      }[]
    }
  }
  readonly ListOffsets: {
    readonly args: {
      readonly isolationLevel: 0 | 1
      readonly topics: readonly {
        readonly topic: string
        readonly partitions: readonly { readonly partition: number; readonly timestamp: number }[]
      }[]
    }
    readonly answer: Throttled & {
      readonly responses: readonly {
        readonly topic: string
        readonly partitions: readonly { readonly partition: number; readonly errorCode: number; readonly offset: string }[]
      }[]
    }
  }
  readonly InitProducerId: {
    readonly args: { readonly transactionalId: null; readonly transactionTimeout: number }
    readonly answer: Throttled & { readonly errorCode: number; readonly producerId: string; readonly producerEpoch: number }
  }
  readonly DeleteTopics: {
    readonly args: { readonly topics: readonly string[]; readonly timeout: number }
    readonly answer: Throttled & { readonly topicErrors: readonly { readonly topic: string; readonly errorCode: number }[] }
  }
}

export type ApiName = keyof Apis
export type ArgsOf<A extends ApiName> = Apis[A]['args']
export type AnswerOf<A extends ApiName> = Apis[A]['answer']

/** The versions we speak: known to brokers since 2.3, still known to 4.1. */
export const API: Readonly<Record<ApiName | 'Fetch', { readonly key: number; readonly version: number }>> = {
  Fetch: { key: 1, version: 11 },
  ListOffsets: { key: 2, version: 3 },
  Metadata: { key: 3, version: 6 },
  ApiVersions: { key: 18, version: 2 },
  DeleteTopics: { key: 20, version: 1 },
  InitProducerId: { key: 22, version: 1 },
}
