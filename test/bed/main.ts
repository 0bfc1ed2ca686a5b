import { parseArgs } from 'node:util'
import { type KafkaBed, startKafka } from './kafka.ts'
import { prepare } from './prepare.ts'

const usage = `npm run kafka -- [--brokers 1|3] [--topic NAME]... [--reauth-ms MS]

Starts a Kafka for trying things by hand, prints how to reach it, and stops it at Ctrl-C; its data are thrown away.
--topic may be given several times; default: gracedb-playground.superevent. alice may read and write them, bob may read them.
`

/** What `npm run kafka` does. */
export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      brokers: { type: 'string', default: '1' },
      topic: { type: 'string', multiple: true, default: ['gracedb-playground.superevent'] },
      'reauth-ms': { type: 'string', default: '0' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return console.log(usage)
  const brokers = Number(values.brokers)
  if (brokers !== 1 && brokers !== 3) throw new Error(`--brokers ${values.brokers}: it is 1 or 3`)
  const reauthMs = Number(values['reauth-ms'])
  if (!Number.isSafeInteger(reauthMs) || reauthMs < 0)
    throw new Error(`--reauth-ms ${values['reauth-ms']}: it is a number of milliseconds, 0 for none`)

  const stopped = new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve)
  })
  await prepare(line => console.error(line))
  const bed = await startKafka({ brokers, reauthMs })
  try {
    for (const topic of values.topic) await open(bed, topic)
    console.log(describe(bed, values.topic))
    await stopped
  } finally {
    await bed.close()
  }
}

async function open(bed: KafkaBed, topic: string): Promise<void> {
  await bed.createTopic(topic)
  await bed.grant('alice', 'topic', topic, ['read', 'write', 'describeConfigs'])
  await bed.grant('bob', 'topic', topic, ['read'])
}

/** What a user needs to reach the cluster. */
function describe(bed: KafkaBed, topics: readonly string[]): string {
  const { server, username, password, caFile } = bed.access('alice')
  const addresses = bed.brokers.map(
    (broker, n) => `broker ${n}
  without authentication         ${broker.plaintext}
  SASL without TLS               ${broker.saslPlaintext}
  SASL over TLS                  ${broker.saslSsl}
  TLS without SASL               ${broker.ssl}
  SASL over TLS, wrong host name ${broker.wrongName}`,
  )
  const users = Object.entries(bed.users).map(([name, secret]) => `  ${name.padEnd(6)} ${secret}`)
  return `${addresses.join('\n')}
topics: ${topics.join(', ')}
users (SCRAM-SHA-512, SCRAM-SHA-256, PLAIN)
${users.join('\n')}
CA of the brokers' certificates: ${caFile}
files and logs: ${bed.directory}

export IGWN_ALERT_RX_BROKER=${bed.brokers[0]!.plaintext}

# auth.toml (mode 0600)
[[auth]]
username = "${username}"
password = "${password}"
hostname = "${server}"
protocol = "SASL_SSL"
mechanism = "SCRAM-SHA-512"
ssl_ca_location = "${caFile}"

Ctrl-C stops it.`
}
