import { type ClientOptions, type Delivery, handle, IgwnAlertClient, type Logger, parseJson, type Status } from 'igwn-alert-rx'
import type { Observable, Subscription } from 'rxjs'

/** What these tests send: alerts that are told apart by a number. */
export interface Numbered {
  readonly n: number
}

/** The JSON of the alerts `from` .. `to - 1`, each padded to `size` bytes. */
export function alerts(from: number, to: number, size = 0): string[] {
  return range(from, to).map(n => JSON.stringify({ n, pad: 'x'.repeat(size) }))
}

export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

export type StatusOf<T extends Status['type']> = Extract<Status, { readonly type: T }>

/** A client without a group's prefix, with all that it says and logs. */
export class Watched implements AsyncDisposable {
  readonly client: IgwnAlertClient
  readonly statuses: Status[] = []
  /** Messages, by level. */
  readonly logged = { debug: [] as string[], info: [] as string[], warn: [] as string[], error: [] as string[] } as const

  /** @param server 'host:port'; without authentication unless `options` say who. */
  constructor(server: string, options: ClientOptions = {}) {
    const note =
      (level: keyof Logger) =>
      (_fields: object, message: string): void =>
        void this.logged[level].push(message)
    this.client = new IgwnAlertClient({
      server: `kafka://${server}/`,
      group: null,
      logger: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
      ...(options.auth ? {} : { noauth: true }),
      ...options,
    })
    this.client.status$.subscribe(status => this.statuses.push(status))
  }

  of<T extends Status['type']>(type: T): StatusOf<T>[] {
    return this.statuses.filter((status): status is StatusOf<T> => status.type === type)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.client.close()
  }
}

/** What a subscription has brought so far. */
export interface Heard {
  readonly got: number[]
  readonly errors: unknown[]
  readonly completed: boolean
  readonly subscription: Subscription
}

/** Hears the numbers of a stream's alerts, each handled once `work` is done. */
export function hear(source: Observable<Delivery>, work: (n: number) => unknown = () => {}): Heard {
  const got: number[] = []
  const errors: unknown[] = []
  let completed = false
  const subscription = source
    .pipe(
      parseJson<Numbered>(),
      handle(async ({ payload: { n } }) => {
        got.push(n)
        await work(n)
      }),
    )
    .subscribe({
      error: error => errors.push(error),
      complete: () => {
        completed = true
      },
    })
  return {
    got,
    errors,
    subscription,
    get completed() {
      return completed
    },
  }
}
