import { type Observable, ReplaySubject } from 'rxjs'
import { systemClock } from '../../clock.ts'
import { ConfigError } from '../../errors.ts'
import { AlertStream } from '../../sources/AlertStream.ts'
import type { BridgeRecord } from './BridgeRecord.ts'
import { Connection, type Listener } from './Connection.ts'
import type { FromBridgeOptions } from './options.ts'
import type { BridgeStatus } from './status.ts'

/** The records of a bridge, as `client.topics()` has them in Node; `status$` says how the connection is. */
export class BridgeRecords<P = unknown> extends AlertStream<BridgeRecord<P>> {
  /** Hot: what happens to the connection; a new subscriber hears the present state first. */
  readonly status$: Observable<BridgeStatus>
  readonly #cursorOf: () => string | undefined

  constructor(
    subscribe: ConstructorParameters<typeof AlertStream<BridgeRecord<P>>>[0],
    status$: Observable<BridgeStatus>,
    cursorOf: () => string | undefined,
  ) {
    super(subscribe)
    this.status$ = status$
    this.#cursorOf = cursorOf
  }

  /** Where it stands, to go on later, at any bridge of the same topics: `fromBridge(url, { from: cursor })`. Undefined: not connected yet. */
  get cursor(): string | undefined {
    return this.#cursorOf()
  }
}

/** The connections that are open, by what they have in common. */
const open = new Map<string, Connection>()

/**
 * The records of a bridge as an Observable and async iterable. Cold: nothing connects before the first subscription. It reconnects by itself,
 * and resumes where it was; all streams of a page with the same address and token that start now share one connection.
 *
 * In a page nothing is committed: a record counts as read once it has come.
 *
 * @param url of the bridge, up to where it is mounted
 * @throws ConfigError for an address that is none
 * @example
 * fromBridge('/alerts', { topics: ['superevent'] }).subscribe(({ payload }) => console.log(payload))
 */
export function fromBridge<P = unknown>(url: string | URL, options: FromBridgeOptions = {}): BridgeRecords<P> {
  const address = absolute(url)
  const { topics, from = 'latest', token, clock = systemClock, tabs } = options
  if (topics?.length === 0)
    throw new ConfigError('fromBridge() got an empty list of topics', { mend: 'Name some, or leave the list out for all' })
  if (tabs !== undefined && from !== 'latest')
    throw new ConfigError(`fromBridge() got tabs and from: '${from}'`, {
      mend: 'A connection that tabs share starts now: leave one of them out',
    })
  const status$ = new ReplaySubject<BridgeStatus>(1)
  let cursor: string | undefined
  // A function is the same only if it is the same object: such streams share nothing by chance.
  const isShared = from === 'latest' && (typeof token !== 'function' || tabs !== undefined)
  // All tabs that share a connection want the same topics of it.
  const tabsName = tabs === undefined ? undefined : ['igwn-alert-rx', tabs, address, ...[...(topics ?? ['*'])].sort()].join('\n')
  const key = `${address}\n${typeof token === 'string' ? token : ''}\n${tabsName ?? ''}`
  const connectionOf = (): Connection => {
    const known = isShared ? open.get(key) : undefined
    if (known) return known
    const connection: Connection = new Connection({
      url: address,
      from,
      token,
      fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
      clock,
      tabs: tabsName,
      onEnd: () => {
        if (open.get(key) === connection) open.delete(key)
      },
    })
    if (isShared) open.set(key, connection)
    return connection
  }
  return new BridgeRecords<P>(
    out => {
      const connection = connectionOf()
      const listener: Listener = {
        topics,
        next: record => out.next(record as BridgeRecord<P>),
        status: status => status$.next(status),
        cursor: moved => {
          cursor = moved
        },
        error: error => {
          failed = true
          out.error(error)
        },
      }
      let failed = false
      connection.add(listener)
      return () => {
        connection.remove(listener)
        if (!failed) status$.next({ type: 'closed' })
      }
    },
    status$.asObservable(),
    () => cursor,
  )
}

/** Of a page: relative to it. */
function absolute(url: string | URL): string {
  const base = (globalThis as { location?: { href?: string } }).location?.href
  const text = String(url)
  if (!URL.canParse(text, base)) {
    throw new ConfigError(`'${text}' is no address of a bridge`, {
      mend: 'In a page: a path or an address; elsewhere: http://host:port/path',
    })
  }
  const { protocol, username, password, href } = new URL(text, base)
  if (protocol !== 'http:' && protocol !== 'https:') throw new ConfigError(`a bridge is reached by http or https, not by ${protocol}`)
  if (username !== '' || password !== '') {
    throw new ConfigError('the address of the bridge holds a user name or a password', {
      mend: 'Pass the option token: an address ends up in logs',
    })
  }
  return href
}
