import { onTestFinished, vi } from 'vitest'
import type { AlertError } from '../../src/errors.ts'
import { DEFAULT_LIMITS, type Limits } from '../../src/limits.ts'
import { externalResolver } from '../../src/offload/resolver.ts'
import type { ExternalMessage, ExternalResolver } from '../../src/operators/external.ts'
import type { Logger } from '../../src/status.ts'
import { MemoryLog, MemoryTransport, VirtualClock } from '../../src/testing.ts'
import type { Credential } from '../../src/transports/transport.ts'
import { OffloadServer, type OffloadServerOptions } from '../bed/offloadServer.ts'
import type { Logged } from '../client/rig.ts'
import { plainRecord } from '../support/deliveries.ts'

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

export interface OffloadRigOptions extends OffloadServerOptions {
  readonly credential?: Credential | undefined
  readonly limits?: Partial<Limits> | undefined
  /** Messages of `sys.metadata`. @default one: where the server is */
  readonly metadata?: readonly (string | null)[] | undefined
}

/** A server for large messages, a broker in memory that announces it, and a resolver under a clock that only the test moves. */
export class OffloadRig {
  readonly clock = new VirtualClock()
  readonly log = new MemoryLog()
  readonly transport = new MemoryTransport({ log: this.log })
  readonly logged: Logged[] = []
  readonly settled: (AlertError | undefined)[] = []
  readonly server: OffloadServer
  readonly resolver: ExternalResolver
  credential: Credential | undefined

  private constructor(server: OffloadServer, { credential, limits }: OffloadRigOptions) {
    this.server = server
    this.credential = credential
    this.resolver = externalResolver({
      transport: this.transport,
      credentials: () => this.credential,
      limits: { ...DEFAULT_LIMITS, ...limits },
      clock: this.clock,
      logger: this.logger,
      timeout: 30_000,
      onSettled: (_record, error) => this.settled.push(error),
    })
  }

  /** Ends with the test. */
  static async start(options: OffloadRigOptions = {}): Promise<OffloadRig> {
    const server = await OffloadServer.start(options)
    const rig = new OffloadRig(server, options)
    rig.log.createTopic('sys.metadata')
    for (const value of options.metadata ?? [endpointAt(server.origin)]) rig.announce(value)
    onTestFinished(async () => {
      await rig.transport.close()
      await server[Symbol.asyncDispose]()
    })
    return rig
  }

  get logger(): Logger {
    const note =
      (level: Logged['level']) =>
      (fields: object, message: string): void =>
        void this.logged.push({ level, message, fields })
    return { debug: () => {}, info: note('info'), warn: note('warn'), error: note('error') }
  }

  /** Appends to `sys.metadata`. */
  announce(value: string | null): void {
    this.log.append('sys.metadata', { value })
  }

  fetch(url: string, signal: AbortSignal = new AbortController().signal): Promise<ExternalMessage> {
    return this.resolver({ url, record: plainRecord(null), signal })
  }

  /** What it is refused with. */
  async refusal(url: string): Promise<AlertError> {
    return this.fetch(url).then(
      () => {
        throw new Error('it was fetched')
      },
      (error: AlertError) => error,
    )
  }

  /** Waits for the failure of try `n`, and lets the time before the next one pass. */
  async afterTry(n: number): Promise<void> {
    await vi.waitFor(() => {
      if (this.logged.filter(({ level }) => level === 'info').length < n) throw new Error(`try ${n} has not failed yet`)
    })
    await this.clock.advance(250 * 2 ** (n - 1))
  }
}

export const endpointAt = (origin: string): string => JSON.stringify({ LargeMessageUploadEndpoint: origin })

/** BSON of `{ a: { a: ... } }`, so many documents in each other. */
export function nested(depth: number): Uint8Array {
  const size = 5 + depth * 8
  const view = new DataView(new ArrayBuffer(size))
  for (let i = 0; i <= depth; i++) {
    view.setInt32(i * 7, size - i * 8, true)
    if (i < depth) view.setUint32(i * 7 + 4, 0x00_61_03, true)
  }
  return new Uint8Array(view.buffer)
}
