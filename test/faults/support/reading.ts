import { type ClientOptions, handle, IgwnAlertClient, type Status, type StreamOptions, silentLogger } from 'igwn-alert-rx'
import { until } from '../../bed/run.ts'
import { Ledger } from './ledger.ts'

/** A client that reads one topic under `handle`, each arrival written down by its offset. */
export class Reading implements AsyncDisposable {
  readonly ledger = new Ledger()
  readonly statuses: Status[] = []
  readonly errors: unknown[] = []
  readonly #client: IgwnAlertClient

  constructor(topic: string, client: ClientOptions, stream?: StreamOptions) {
    this.#client = new IgwnAlertClient({ group: null, logger: silentLogger, ...client })
    this.#client.status$.subscribe(status => this.statuses.push(status))
    const alerts = this.#client.topic(topic, stream).pipe(handle(async ({ partition, offset }) => this.ledger.got(partition, offset)))
    alerts.subscribe({ error: error => this.errors.push(error) })
  }

  count(type: Status['type']): number {
    return this.statuses.filter(status => status.type === type).length
  }

  /** Where it starts is settled, so that nothing that is sent from now on is before it. */
  async untilConnected(): Promise<this> {
    await until(() => this.count('connected') > 0 || this.errors.length > 0, 'the reader is not connected')
    if (this.errors.length > 0) throw new Error('the reader failed', { cause: this.errors[0] })
    return this
  }

  close(): Promise<void> {
    return this.#client.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
