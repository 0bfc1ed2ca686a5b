import type { Auth } from '../auth/entry.ts'
import { requireText } from '../auth/entry.ts'
import type { AuthOptions } from '../auth/options.ts'
import { DEFAULT_SERVER } from '../auth/serverUrl.ts'
import { ConfigError } from '../errors.ts'
import { checkClientOptions, shown } from './checks.ts'
import type { ClientOptions } from './options.ts'
import { given } from './sourceOptions.ts'

/**
 * SCiMMA's Kafka, with the credentials of hop's auth.toml. The topics are those of group 'gracedb' unless you say otherwise; the public alerts
 * stand under `group: null` as `igwn.gwalert`.
 *
 * @param options whatever a client takes; wins over what is set here
 * @throws ConfigError for options of the wrong kind
 * @example
 * const scimmaClient = new IgwnAlertClient(scimma({ group: null }))
 * scimmaClient.topic('igwn.gwalert').pipe(decode()).subscribe(({ payload }) => console.log(payload))
 */
export function scimma(options: ClientOptions = {}): ClientOptions {
  checkClientOptions(options)
  return { server: DEFAULT_SERVER, ...given(options) }
}

/** Those of a client, but for the ways of proving who we are that GCN does not know. `clientId` is that of the credential. */
export interface GcnOptions extends Omit<ClientOptions, keyof Omit<AuthOptions, 'tls'> | 'clientId'> {
  /** Of the client credential that https://gcn.nasa.gov/quickstart gives. */
  readonly clientId: string
  readonly clientSecret: string
  /** 'gcn.nasa.gov', 'test.gcn.nasa.gov', 'dev.gcn.nasa.gov', or another host name. @default 'gcn.nasa.gov' */
  readonly domain?: string | undefined
}

/**
 * NASA's General Coordinates Network: topics without a group (`igwn.gwalert`, `gcn.notices...`), which are waited for where there is none yet.
 *
 * @param options whatever else a client takes wins over what is set here: `server`, `group`, `missing`
 * @throws ConfigError for a missing or wrong one
 * @example
 * const gcnClient = new IgwnAlertClient(gcn({ clientId: process.env['GCN_ID'] ?? '', clientSecret: process.env['GCN_SECRET'] ?? '' }))
 * gcnClient.topic('igwn.gwalert').pipe(decode()).subscribe(({ payload }) => console.log(payload))
 */
export function gcn(options: GcnOptions): ClientOptions {
  if (typeof options !== 'object' || options === null) {
    throw new ConfigError(`gcn() got ${shown(options)}`, { mend: 'Give { clientId, clientSecret }' })
  }
  const { clientId, clientSecret, domain = DOMAINS[0], ...own } = options
  checkDomain(domain)
  requireText(clientId, 'clientId')
  requireText(clientSecret, 'clientSecret')
  refuseOtherCredentials(own)
  checkClientOptions(own)
  const auth = new ClientCredential(clientId, clientSecret, `https://auth.${domain}/oauth2/token`)
  return { server: `kafka://kafka.${domain}/`, group: null, missing: 'wait', ...given(own), auth }
}

/** Its secret is seen by `auth.password` alone: not by util.inspect, JSON or a spread. */
class ClientCredential implements Auth {
  readonly username: string
  readonly tokenEndpoint: string
  readonly #password: string

  constructor(username: string, password: string, tokenEndpoint: string) {
    this.username = username
    this.#password = password
    this.tokenEndpoint = tokenEndpoint
  }

  get password(): string {
    return this.#password
  }
}

const DOMAINS = ['gcn.nasa.gov', 'test.gcn.nasa.gov', 'dev.gcn.nasa.gov'] as const
const HOST_NAME = /^(?=.{1,200}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i

/** The value is not repeated: a secret may stand in its place. */
function checkDomain(domain: string): void {
  if (typeof domain === 'string' && HOST_NAME.test(domain)) return
  throw new ConfigError('domain is not a host name', {
    mend: `Give '${DOMAINS.join(`', '`)}' or another, without a scheme, a port and a path`,
  })
}

function refuseOtherCredentials(own: AuthOptions): void {
  const other = (['auth', 'authfile', 'netrc', 'noauth', 'password', 'username'] as const).find(name => own[name] !== undefined)
  if (other === undefined) return
  throw new ConfigError(`gcn(): ${other} and clientId contradict each other`, {
    mend: `Leave ${other} out: GCN takes a client id and its secret, and nothing else`,
  })
}
