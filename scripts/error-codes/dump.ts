/**
 * Writes src/transports/codes.generated.ts from the error codes in Kafka's own jar.
 *
 *     npx tsx scripts/error-codes/dump.ts [CLASSPATH]
 *
 * CLASSPATH has kafka-clients and what it needs, as `java -cp` takes it. Without it: the jars of the test bed.
 */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { kafkaProgram } from '../../test/bed/artifacts.ts'
import { run } from '../../test/bed/run.ts'
import { java } from '../../test/bed/tools.ts'

interface Row {
  readonly code: number
  readonly name: string
  readonly retriable: boolean
  readonly message: string
}

const program = fileURLToPath(new URL('Dump.java', import.meta.url))
const output = fileURLToPath(new URL('../../src/transports/codes.generated.ts', import.meta.url))

const classPath = process.argv[2] ?? (await kafkaProgram()).classPath
const { command } = await java()
const { stdout } = await run(command, ['-cp', classPath, program])
const [version, ...lines] = stdout.trim().split('\n')
await writeFile(output, sourceOf(version!, lines.map(toRow)))

function toRow(line: string): Row {
  const [code, name, retriable, message] = line.split('\t')
  return { code: Number(code), name: name!, retriable: retriable === 'true', message: message! }
}

function sourceOf(kafka: string, rows: readonly Row[]): string {
  return [
    `// Made by scripts/error-codes from the jar of Kafka ${kafka}; do not edit.`,
    '// biome-ignore-all format: one code a line',
    '',
    "/** Kafka's names of what a broker answers. */",
    'export type KafkaErrorName =',
    ...rows.map(({ name }) => `  | '${name}'`),
    '',
    'export interface KafkaErrorCode {',
    '  readonly code: number',
    '  readonly name: KafkaErrorName',
    "  /** Kafka's own opinion, for its own clients. */",
    '  readonly retriable: boolean',
    '  readonly message: string',
    '}',
    '',
    'export const KAFKA_ERROR_CODES: readonly KafkaErrorCode[] = [',
    ...rows.map(
      ({ code, name, retriable, message }) => `  { code: ${code}, name: '${name}', retriable: ${retriable}, message: ${quoted(message)} },`,
    ),
    ']',
    '',
  ].join('\n')
}

function quoted(text: string): string {
  return text.includes("'") ? JSON.stringify(text) : `'${text}'`
}
