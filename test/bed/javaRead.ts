import { kafkaProgram } from './artifacts.ts'
import { run } from './run.ts'

/** Reads the first `count` records of a topic with Kafka's Java client, over a plain port; gives their values as lines of text. */
export async function javaRead(server: string, topic: string, count: number): Promise<readonly string[]> {
  const { java, classPath } = await kafkaProgram()
  const args = [
    '--bootstrap-server',
    server,
    '--topic',
    topic,
    '--from-beginning',
    '--max-messages',
    String(count),
    '--timeout-ms',
    '30000',
  ]
  const { stdout } = await run(java, ['-cp', classPath, 'org.apache.kafka.tools.consumer.ConsoleConsumer', ...args])
  return stdout.trimEnd().split('\n')
}
