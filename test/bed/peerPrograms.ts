import type { Access } from './bedClient.ts'
import { type PythonOptions, type PythonProcess, pythonLines, startPython } from './peers.ts'

/** Header names and values (base64; null where Kafka has null), in order. */
export type PeerHeaders = readonly (readonly [string, string | null])[]

/** Where a record is. */
export interface Place {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

/** A message for hop. 'json' is the default; 'text' is a str, which hop encodes as JSON again; 'jsonText' is JSON with Python's NaN and long integers. */
export type HopMessage = {
  readonly key?: string | undefined
  readonly headers?: PeerHeaders | undefined
  readonly test?: boolean | undefined
} & (
  | { readonly format?: 'json' | 'avro' | undefined; readonly content: unknown }
  | { readonly format: 'jsonText' | 'text' | 'voevent' | 'notice'; readonly content: string }
  /** Base64. */
  | { readonly format: 'blob'; readonly content: string }
  | { readonly format: 'circular'; readonly content: { readonly header: Readonly<Record<string, string>>; readonly body: string } }
)

/** A record as hop read it. */
export interface HopRecord extends Place {
  readonly timestamp: number
  /** Base64. */
  readonly key: string | null
  readonly headers: PeerHeaders
  /** The last `_id`, 32 hexadecimal digits. */
  readonly id: string | null
  readonly sender: string | null
  readonly test: boolean
  /** hop's name of the format. */
  readonly format: string
  /** Decoded; bytes as base64. */
  readonly payload: unknown
}

export interface HopReadOptions {
  readonly topics: readonly string[]
  readonly group?: string | undefined
  /** Where a group without a commit begins. 'latest' is resolved some time after the start. @default 'earliest' */
  readonly start?: 'earliest' | 'latest' | undefined
  /** Ends after so many records. */
  readonly count?: number | undefined
  /** Ends at the end of the topics. */
  readonly untilEnd?: boolean | undefined
  /** Reads test messages too. @default false */
  readonly tests?: boolean | undefined
  /** @default true */
  readonly autocommit?: boolean | undefined
  /** Payloads in the form in which no digit is lost: `plain` of test/interop/differences.ts. @default false */
  readonly exact?: boolean | undefined
}

export interface IgwnListenOptions {
  readonly group: string
  /** Without the group's prefix. @default all of the group */
  readonly topics?: readonly string[] | undefined
  readonly consumerGroup?: string | undefined
  /** Where a group without a commit begins. @default 'earliest' */
  readonly start?: 'earliest' | 'latest' | undefined
  readonly count?: number | undefined
  /** As of `HopReadOptions`; of hop's models what they hold. @default false: their representation */
  readonly exact?: boolean | undefined
}

/** What a callback of igwn-alert got. */
export interface IgwnAlert {
  readonly topic: string
  readonly payload: unknown
  /** The payload's Python type. */
  readonly type: string
}

export interface ConfluentMessage {
  /** Base64; null: a tombstone. */
  readonly value: string | null
  /** Base64. */
  readonly key?: string | undefined
  readonly headers?: PeerHeaders | undefined
  readonly partition?: number | undefined
  /** Milliseconds since 1970. */
  readonly timestamp?: number | undefined
}

export type ConfluentWriteOptions = {
  readonly codec?: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd' | undefined
  /** librdkafka's settings. */
  readonly config?: Readonly<Record<string, string | number | boolean>> | undefined
  /** All in one transaction. */
  readonly transaction?: 'commit' | 'abort' | undefined
} & (
  | { readonly messages: readonly ConfluentMessage[] }
  /** Values `PREFIX.N.` padded to `size` bytes, one every `intervalMs`. */
  | {
      readonly count: number
      readonly size?: number | undefined
      readonly intervalMs?: number | undefined
      readonly prefix?: string | undefined
    }
)

/** What librdkafka said of a record: its place, or an error. */
export interface Acknowledgement extends Partial<Place> {
  readonly error: string | null
  /** The first 40 bytes as text. */
  readonly value: string
  /** When it came, milliseconds since 1970. */
  readonly at: number
}

export interface ConfluentReadOptions {
  readonly topics: readonly string[]
  /** A member of this group; without it all partitions are read. */
  readonly group?: string | undefined
  /** @default 'earliest' */
  readonly start?: 'earliest' | 'latest' | undefined
  readonly count?: number | undefined
  /** Commits after each record. */
  readonly commit?: boolean | undefined
  readonly config?: Readonly<Record<string, string | number | boolean>> | undefined
}

/** A line of the reader: a change of what it is assigned, or a record (value and key in base64). */
export type ConfluentLine =
  | { readonly assigned: readonly (readonly [string, number])[] }
  | (Place & { readonly timestamp: number; readonly key: string | null; readonly value: string | null; readonly headers: PeerHeaders })

/** Writes with hop, one message after the other; returns their places. */
export function hopWrite(access: Access, topic: string, messages: readonly HopMessage[], more?: PythonOptions): Promise<readonly Place[]> {
  return pythonLines<Place>('hop_write.py', { access, topic, messages }, more)
}

/** Reads with hop to the end of the topics, or `count` records. */
export async function hopRead(access: Access, options: HopReadOptions, more?: PythonOptions): Promise<readonly HopRecord[]> {
  const bounded = options.count === undefined ? { ...options, untilEnd: options.untilEnd ?? true } : options
  const lines = await pythonLines<HopRecord | { readonly ready: true }>('hop_read.py', { access, ...bounded }, more)
  return lines.filter(line => 'offset' in line)
}

/** Reads with hop until stopped; its first line is `{ ready: true }`. */
export function hopFollow(access: Access, options: HopReadOptions): Promise<PythonProcess<HopRecord | { readonly ready: true }>> {
  return startPython('hop_read.py', { access, ...options })
}

/** Publishes with igwn-alert (`publish`, or `connect` and `publish_to_topic`); topics without the group's prefix, payloads any JSON value. */
export async function igwnPublish(
  access: Access,
  group: string,
  messages: readonly { readonly topic: string; readonly payload: unknown }[],
  options: { readonly connected?: boolean | undefined } = {},
): Promise<void> {
  await pythonLines('igwn_publish.py', { access, group, messages, ...options })
}

/** Listens with igwn-alert until stopped, or for `count` alerts. */
export function igwnListen(access: Access, options: IgwnListenOptions): Promise<PythonProcess<IgwnAlert>> {
  return startPython('igwn_listen.py', { access, ...options })
}

/** Writes with librdkafka; returns what was acknowledged. */
export function confluentWrite(access: Access, topic: string, options: ConfluentWriteOptions): Promise<readonly Acknowledgement[]> {
  return pythonLines<Acknowledgement>('confluent_write.py', { access, topic, ...options })
}

/** Writes with librdkafka while the test does something else. */
export function confluentWriting(access: Access, topic: string, options: ConfluentWriteOptions): Promise<PythonProcess<Acknowledgement>> {
  return startPython('confluent_write.py', { access, topic, ...options })
}

/** Reads with librdkafka until stopped, or for `count` records. */
export function confluentRead(access: Access, options: ConfluentReadOptions): Promise<PythonProcess<ConfluentLine>> {
  return startPython('confluent_read.py', { access, ...options })
}
