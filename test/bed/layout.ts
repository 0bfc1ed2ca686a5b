import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type KafkaProgram, kafkaProgram } from './artifacts.ts'
import type { BedData } from './bedClient.ts'
import { BrokerProcess } from './broker.ts'
import { type CertificateFiles, issueCertificate, makeAuthority } from './certificates.ts'
import {
  type BrokerAddresses,
  bearerListener,
  type Listener,
  type ListenerName,
  listener,
  listenerNames,
  type ProxiedAddress,
  type ProxiedName,
  proxiedListener,
} from './listeners.ts'
import { freePorts } from './ports.ts'
import { serverProperties, type TokenIssuer } from './properties.ts'
import { run } from './run.ts'

export interface KafkaOptions {
  /** Each is broker and controller. @default 1 */
  readonly brokers?: 1 | 3 | undefined
  /** Further lines of server.properties; they win over the bed's. */
  readonly properties?: Readonly<Record<string, string | number>> | undefined
  /** `connections.max.reauth.ms` of the SASL listeners, milliseconds; 0: a session lasts for ever. @default 0 */
  readonly reauthMs?: number | undefined
  /** Listeners to have a second time, advertised at ports that are kept free for proxies (see `proxyBrokers`). @default none */
  readonly proxied?: readonly ProxiedName[] | undefined
  /** Adds a listener for the bearer tokens of this provider, which runs already: brokers ask it for its keys when they start. @default none */
  readonly issuer?: TokenIssuer | undefined
  /** Further options of the Java virtual machine. */
  readonly jvm?: readonly string[] | undefined
}

/** What is ready to be started. */
export interface Layout {
  readonly directory: string
  readonly data: BedData
  readonly processes: readonly BrokerProcess[]
}

/** Writes everything the brokers need into a new directory and formats their storage; starts nothing. */
export async function layOut(options: KafkaOptions): Promise<Layout> {
  const program = await kafkaProgram()
  const directory = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-kafka-'))
  try {
    return await layOutIn(directory, program, options)
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    throw error
  }
}

async function layOutIn(directory: string, program: KafkaProgram, options: KafkaOptions): Promise<Layout> {
  const users = Object.fromEntries(['admin', 'alice', 'bob'].map(name => [name, `${name}-${randomBytes(6).toString('hex')}`]))
  const controllerPorts = await freePorts(options.brokers ?? 1)
  const clusterId = randomBytes(16).toString('base64url')
  const { keyStores, authorities } = await layOutCertificates(directory)
  const logSettings = join(directory, 'log4j2.properties')
  await writeFile(logSettings, logProperties)

  const layOutBroker = async (node: number) => {
    const home = join(directory, String(node))
    await mkdir(home)
    const { listeners, addresses } = await chooseListeners(options.proxied ?? [], options.issuer !== undefined)
    const { reauthMs = 0, issuer } = options
    const own = { listeners, controllerPorts, node, dataDirectory: join(home, 'data'), reauthMs, issuer }
    const file = join(home, 'server.properties')
    await writeFile(file, serverProperties({ ...own, users, keyStores, extra: options.properties ?? {} }))
    await run(program.java, [
      ...jvm(program),
      'kafka.tools.StorageTool',
      'format',
      `--cluster-id=${clusterId}`,
      `--config=${file}`,
      ...scramUsers(users),
    ])
    const args = [
      `-Dlog4j2.configurationFile=${logSettings}`,
      ...allowed(issuer),
      ...(options.jvm ?? []),
      ...jvm(program),
      'kafka.Kafka',
      file,
    ]
    return { addresses, process: new BrokerProcess({ java: program.java, args, logFile: join(home, 'log') }) }
  }
  const brokers = await Promise.all([...controllerPorts.keys()].map(layOutBroker))
  return {
    directory,
    data: { brokers: brokers.map(each => each.addresses), users, ...authorities },
    processes: brokers.map(each => each.process),
  }
}

/** Of the choices here the quick start is the reason: a broker lives for seconds, and shares the machine with two more. */
function jvm({ classPath, classArchive }: KafkaProgram): string[] {
  const archive = classArchive === undefined ? [] : [`-XX:SharedArchiveFile=${classArchive}`]
  return ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...archive, '-cp', classPath]
}

/** Kafka asks for keys where it is told to alone. */
const allowed = (issuer: TokenIssuer | undefined): readonly string[] =>
  issuer ? [`-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${issuer.jwksUrl}`] : []

function scramUsers(users: Readonly<Record<string, string>>): string[] {
  return Object.entries(users).flatMap(([name, password]) =>
    ['SCRAM-SHA-512', 'SCRAM-SHA-256'].flatMap(mechanism => ['--add-scram', `${mechanism}=[name=${name},password=${password}]`]),
  )
}

async function chooseListeners(
  proxied: readonly ProxiedName[],
  isBearer: boolean,
): Promise<{ listeners: Listener[]; addresses: BrokerAddresses }> {
  const ports = await freePorts(listenerNames.length)
  const plain = listenerNames.map((name, index) => listener(name, ports[index]!))
  const addresses = Object.fromEntries(plain.map((each, index) => [listenerNames[index], `${each.host}:${each.port}`]))

  const more: Listener[] = []
  const proxiedAddresses: Partial<Record<ProxiedName, ProxiedAddress>> = {}
  for (const name of proxied) {
    const [port, advertised] = await freePorts(2)
    more.push(proxiedListener(name, port!, advertised!))
    proxiedAddresses[name] = { target: `127.0.0.1:${port}`, advertised: `127.0.0.1:${advertised}` }
  }
  const bearer = isBearer ? (await freePorts(1)).map(port => bearerListener(port)) : []
  return {
    listeners: [...plain, ...more, ...bearer],
    addresses: {
      ...(addresses as Record<ListenerName, string>),
      proxied: proxiedAddresses,
      ...(bearer[0] && { bearer: `${bearer[0].host}:${bearer[0].port}` }),
    },
  }
}

async function layOutCertificates(directory: string) {
  const [authority, other] = await Promise.all([makeAuthority(directory, 'ca'), makeAuthority(directory, 'other-ca')])
  const broker = await issueCertificate(directory, 'broker', authority, ['DNS:localhost', 'IP:127.0.0.1'])
  const wrong = await issueCertificate(directory, 'wrong', authority, ['DNS:wrong.invalid'])
  return {
    keyStores: { broker: await layOutKeyStore(directory, 'broker', broker), wrong: await layOutKeyStore(directory, 'wrong', wrong) },
    authorities: {
      caFile: authority.certificate,
      ca: await readFile(authority.certificate, 'utf8'),
      otherCaFile: other.certificate,
      otherCa: await readFile(other.certificate, 'utf8'),
    },
  }
}

/** Kafka reads key and certificate from one PEM file. */
async function layOutKeyStore(directory: string, name: string, files: CertificateFiles): Promise<string> {
  const file = join(directory, `${name}-store.pem`)
  await writeFile(file, (await Promise.all([readFile(files.key), readFile(files.certificate)])).join(''))
  return file
}

const logProperties = `rootLogger.level = WARN
rootLogger.appenderRefs = out
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{HH:mm:ss.SSS} %p %c{1} %m%n
logger.group.name = org.apache.kafka.coordinator.group
logger.group.level = INFO
`
