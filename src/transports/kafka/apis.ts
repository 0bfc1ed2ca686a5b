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
  readonly GroupCoordinator: {
    /** Type 0: of a consumer group. */
    readonly args: { readonly groupId: string; readonly coordinatorType: 0 }
    readonly answer: Throttled & {
      readonly errorCode: number
      readonly coordinator: { readonly nodeId: number; readonly host: string; readonly port: number }
    }
  }
  readonly JoinGroup: {
    readonly args: {
      readonly groupId: string
      readonly sessionTimeout: number
      readonly rebalanceTimeout: number
      readonly memberId: string
      readonly groupInstanceId?: string | undefined
      readonly protocolType: 'consumer'
      readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[]
    }
    readonly answer: Throttled & {
      readonly errorCode: number
      readonly generationId: number
      readonly groupProtocol: string | null
      readonly leaderId: string
      readonly memberId: string
      /** For the leader alone. */
      readonly members: readonly { readonly memberId: string; readonly memberMetadata: Buffer | null }[]
    }
  }
  readonly SyncGroup: {
    readonly args: {
      readonly groupId: string
      readonly generationId: number
      readonly memberId: string
      readonly groupInstanceId?: string | undefined
      /** Of the leader alone. */
      readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[]
    }
    readonly answer: Throttled & { readonly errorCode: number; readonly memberAssignment: Buffer | null }
  }
  readonly Heartbeat: {
    readonly args: {
      readonly groupId: string
      readonly groupGenerationId: number
      readonly memberId: string
      readonly groupInstanceId?: string | undefined
    }
    readonly answer: Throttled & { readonly errorCode: number }
  }
  readonly LeaveGroup: {
    readonly args: { readonly groupId: string; readonly memberId: string }
    readonly answer: Throttled & { readonly errorCode: number }
  }
  readonly OffsetCommit: {
    readonly args: {
      readonly groupId: string
      readonly groupGenerationId: number
      readonly memberId: string
      readonly topics: readonly {
        readonly topic: string
        readonly partitions: readonly { readonly partition: number; readonly offset: string }[]
      }[]
    }
    readonly answer: Throttled & {
      readonly responses: readonly {
        readonly topic: string
        readonly partitions: readonly { readonly partition: number; readonly errorCode: number }[]
      }[]
    }
  }
  readonly OffsetFetch: {
    readonly args: {
      readonly groupId: string
      /** An empty list asks for all of the group. */
      readonly topics: readonly { readonly topic: string; readonly partitions: readonly { readonly partition: number }[] }[]
    }
    readonly answer: Throttled & {
      readonly errorCode: number
      readonly responses: readonly {
        readonly topic: string
        /** Offset -1: nothing is committed. */
        readonly partitions: readonly { readonly partition: number; readonly errorCode: number; readonly offset: string }[]
      }[]
    }
  }
  readonly DescribeConfigs: {
    readonly args: {
      /** Type 2: a topic. */
      readonly resources: readonly { readonly type: 2; readonly name: string; readonly configNames: readonly string[] }[]
      readonly includeSynonyms: false
    }
    readonly answer: Throttled & {
      readonly resources: readonly {
        readonly errorCode: number
        readonly configEntries: readonly { readonly configName: string; readonly configValue: string | null }[]
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
  OffsetCommit: { key: 8, version: 5 },
  OffsetFetch: { key: 9, version: 4 },
  GroupCoordinator: { key: 10, version: 2 },
  JoinGroup: { key: 11, version: 5 },
  Heartbeat: { key: 12, version: 3 },
  LeaveGroup: { key: 13, version: 3 },
  SyncGroup: { key: 14, version: 3 },
  ApiVersions: { key: 18, version: 2 },
  DeleteTopics: { key: 20, version: 1 },
  InitProducerId: { key: 22, version: 1 },
  DescribeConfigs: { key: 32, version: 2 },
}
