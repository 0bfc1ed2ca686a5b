/** Bounds on bytes that come from outside. A message beyond one is reported with its place; it never ends a stream or a process. */
export interface Limits {
  /** Bytes of one record batch after decompression. @default 134_217_728 (128 MiB) */
  readonly batchBytes: number
  /** Bytes of one JSON payload. @default 67_108_864 (64 MiB) */
  readonly jsonBytes: number
  /** Nesting of one JSON payload that the exact parser (`bigints`, `NaN`) reads. @default 500 */
  readonly jsonDepth: number
}

export const DEFAULT_LIMITS: Limits = { batchBytes: 128 * 1024 * 1024, jsonBytes: 64 * 1024 * 1024, jsonDepth: 500 }
