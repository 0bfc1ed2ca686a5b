const MiB = 1024 * 1024

/** Bounds on bytes that come from outside. A message beyond one is reported with its place; it never ends a stream or a process. */
export interface Limits {
  /** Bytes of one record batch after decompression. @default 134_217_728 (128 MiB) */
  readonly batchBytes: number
  /** Bytes of one JSON payload. @default 67_108_864 (64 MiB) */
  readonly jsonBytes: number
  /** Nesting of one JSON payload. @default 500 */
  readonly jsonDepth: number
  /** Bytes of one Avro payload, its blocks decompressed. @default 67_108_864 (64 MiB) */
  readonly avroBytes: number
  /** Values in one Avro payload: six bytes of it can say that an array has a million million. @default 1_000_000 */
  readonly avroItems: number
  /** Nesting of one Avro payload and of its schema. @default 100 */
  readonly avroDepth: number
  /** Bytes of one XML payload. @default 4_194_304 (4 MiB) */
  readonly xmlBytes: number
  /** Nesting of one XML payload. @default 100 */
  readonly xmlDepth: number
  /** Bytes of a payload that is fetched from where hop put it, because it was too large for the broker. @default 67_108_864 (64 MiB) */
  readonly externalBytes: number
}

export const DEFAULT_LIMITS: Limits = {
  batchBytes: 128 * MiB,
  jsonBytes: 64 * MiB,
  jsonDepth: 500,
  avroBytes: 64 * MiB,
  avroItems: 1_000_000,
  avroDepth: 100,
  xmlBytes: 4 * MiB,
  xmlDepth: 100,
  externalBytes: 64 * MiB,
}
