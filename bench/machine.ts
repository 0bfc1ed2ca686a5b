import { readFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { java, python } from '../test/bed/tools.ts'

const at = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

/** The load of the last minute: what others do on the machine, and we. */
export const load = (): number => Math.round(loadavg()[0]! * 10) / 10

/** On what it was measured: never where. */
export const machine = (): string =>
  `${availableParallelism()} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB, ${process.platform}`

/** What was measured, and on what. */
export async function facts(): Promise<string> {
  const [javaTool, pythonTool] = await Promise.all([java(), python()])
  const kafka = /<artifactId>kafka_[\d.]+<\/artifactId>\s*<version>([\d.]+)/.exec(at('test/bed/pom.xml'))?.[1]
  const pin = (name: string): string => `${name} ${new RegExp(`^${name}==(.+)$`, 'm').exec(at('test/bed/peers/requirements.txt'))?.[1]}`
  const { version } = JSON.parse(at('node_modules/kafkajs/package.json')) as { version: string }
  return [
    machine(),
    `Node ${process.version}, Python ${pythonTool.version}`,
    `Kafka ${kafka} (one broker, Java ${javaTool.version}) on the same cores, over loopback without TLS`,
    [`kafkajs ${version}`, ...['confluent-kafka', 'hop-client', 'igwn-alert'].map(pin)].join(', '),
  ].join('; ')
}
