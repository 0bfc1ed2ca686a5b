/** A request as the bridge looks at it, whatever host it came through. */
export interface BridgeRequest {
  readonly method: string
  /** Below the mount, with a leading slash. */
  readonly path: string
  /** As it was asked for, the mount with it. */
  readonly fullPath: string
  readonly query: URLSearchParams
  /** Of a lower-case name. */
  header(name: string): string | undefined
  /** Where it comes from, as far as the host says it. */
  readonly address: string | undefined
  /** Whether it came by https, as far as this server sees: behind a proxy that has the TLS it did not. */
  readonly isSecure: boolean
}

/** An answer that is not a stream. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

export const json = (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  },
  body: JSON.stringify(value),
})

/** A request that is not answered as it wished. */
export class Refusal extends Error {
  readonly status: number
  readonly code: string
  readonly mend: string | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    code: string,
    message: string,
    { mend, headers = {} }: { mend?: string; headers?: Record<string, string> } = {},
  ) {
    super(message)
    this.status = status
    this.code = code
    this.mend = mend
    this.headers = headers
  }

  get answer(): Answer {
    const { code, message, mend } = this
    return json(this.status, { error: { code, message, mend } }, this.headers)
  }
}
