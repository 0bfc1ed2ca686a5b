import type { Listener } from './listeners.ts'

/** An OpenID Connect provider, as a broker sees it. */
export interface TokenIssuer {
  readonly issuer: string
  readonly audience: string
  readonly jwksUrl: string
}

export interface BrokerSettings {
  readonly node: number
  /** The controllers' ports, by node. */
  readonly controllerPorts: readonly number[]
  readonly listeners: readonly Listener[]
  /** User names and passwords of the mechanism PLAIN (those of SCRAM are in Kafka's metadata). */
  readonly users: Readonly<Record<string, string>>
  /** Each a PEM file with a key and its certificate. */
  readonly keyStores: Readonly<Record<'broker' | 'wrong', string>>
  readonly dataDirectory: string
  readonly reauthMs: number
  /** Whose tokens the bearer listener takes. */
  readonly issuer?: TokenIssuer | undefined
  /** Come last, so they win. */
  readonly extra: Readonly<Record<string, string | number>>
}

/** The text of a broker's server.properties. */
export function serverProperties(settings: BrokerSettings): string {
  const entries = {
    ...quorum(settings),
    ...security(settings),
    ...replication(settings.controllerPorts.length),
    ...quickAndSmall,
    ...settings.extra,
  }
  return Object.entries(entries)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

function quorum({ node, controllerPorts, listeners, dataDirectory }: BrokerSettings): Record<string, string | number> {
  const controller = { name: 'CONTROLLER', protocol: 'PLAINTEXT' }
  const urls = (port: 'port' | 'advertisedPort') =>
    listeners.map(each => `${each.name}://${port === 'port' ? '127.0.0.1' : each.host}:${each[port]}`).join(',')
  return {
    'process.roles': 'broker,controller',
    'node.id': node,
    'controller.quorum.voters': controllerPorts.map((port, id) => `${id}@127.0.0.1:${port}`).join(','),
    'controller.listener.names': controller.name,
    'inter.broker.listener.name': 'PLAINTEXT',
    listeners: `${urls('port')},CONTROLLER://127.0.0.1:${controllerPorts[node]}`,
    'advertised.listeners': urls('advertisedPort'),
    'listener.security.protocol.map': [...listeners, controller].map(({ name, protocol }) => `${name}:${protocol}`).join(','),
    'log.dirs': dataDirectory,
  }
}

function security({ listeners, users, keyStores, reauthMs, issuer }: BrokerSettings): Record<string, string | number> {
  const entries: Record<string, string | number> = {
    'sasl.enabled.mechanisms': 'SCRAM-SHA-512,SCRAM-SHA-256,PLAIN',
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    // Who does not authenticate is ANONYMOUS: on the plain ports, where brokers and tests administrate, and on the port of TLS without SASL.
    'super.users': 'User:admin;User:ANONYMOUS',
    'allow.everyone.if.no.acl.found': 'false',
  }
  const plainUsers = Object.entries(users).map(([name, password]) => `user_${name}="${password}"`)
  for (const { name, protocol, certificate, bearer } of listeners) {
    const prefix = `listener.name.${name.toLowerCase()}.`
    if (certificate) {
      entries[`${prefix}ssl.keystore.type`] = 'PEM'
      entries[`${prefix}ssl.keystore.location`] = keyStores[certificate]
    }
    if (bearer && issuer) Object.assign(entries, bearerEntries(prefix, issuer, reauthMs))
    else if (protocol.startsWith('SASL')) {
      for (const scram of ['scram-sha-512', 'scram-sha-256']) {
        entries[`${prefix}${scram}.sasl.jaas.config`] = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
      }
      entries[`${prefix}plain.sasl.jaas.config`] =
        `org.apache.kafka.common.security.plain.PlainLoginModule required ${plainUsers.join(' ')};`
      entries[`${prefix}connections.max.reauth.ms`] = reauthMs
    }
  }
  return entries
}

const A_DAY = 86_400_000

/** A session lasts as long as its token, if nothing shorter is asked for: Kafka's 0 would mean for ever. */
function bearerEntries(prefix: string, { issuer, audience, jwksUrl }: TokenIssuer, reauthMs: number): Record<string, string | number> {
  const kafka = 'org.apache.kafka.common.security.oauthbearer'
  return {
    [`${prefix}sasl.enabled.mechanisms`]: 'OAUTHBEARER',
    [`${prefix}oauthbearer.sasl.jaas.config`]: `${kafka}.OAuthBearerLoginModule required;`,
    [`${prefix}oauthbearer.sasl.server.callback.handler.class`]: `${kafka}.OAuthBearerValidatorCallbackHandler`,
    // Named, since Kafka 4.1.0's default does not look at signature, issuer and audience.
    [`${prefix}sasl.oauthbearer.jwt.validator.class`]: `${kafka}.BrokerJwtValidator`,
    [`${prefix}sasl.oauthbearer.jwks.endpoint.url`]: jwksUrl,
    [`${prefix}sasl.oauthbearer.expected.issuer`]: issuer,
    [`${prefix}sasl.oauthbearer.expected.audience`]: audience,
    [`${prefix}connections.max.reauth.ms`]: reauthMs || A_DAY,
  }
}

function replication(brokers: number): Record<string, number> {
  const inSync = brokers === 1 ? 1 : 2
  return {
    // Kafka's are 9 s and 2 s. For so long a killed broker stays the leader of its partitions, and is not let in when it comes back.
    'broker.session.timeout.ms': brokers === 1 ? 2000 : 5000,
    'broker.heartbeat.interval.ms': brokers === 1 ? 500 : 1000,
    'default.replication.factor': brokers,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': brokers,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': brokers,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 2,
    'share.coordinator.state.topic.replication.factor': brokers,
    'share.coordinator.state.topic.min.isr': inSync,
  }
}

const quickAndSmall = {
  'auto.create.topics.enable': 'false',
  'message.max.bytes': 10 << 20,
  'group.initial.rebalance.delay.ms': 3000,
  'group.min.session.timeout.ms': 1000,
  'num.network.threads': 2,
  'num.io.threads': 4,
  'background.threads': 2,
  'log.cleaner.dedupe.buffer.size': 16 << 20,
  // Compaction and retention happen within a second where a test asks a topic for them.
  'log.initial.task.delay.ms': 500,
  'log.cleaner.backoff.ms': 500,
  'log.retention.check.interval.ms': 1000,
  'log.segment.delete.delay.ms': 500,
}
