import { kafkaClassArchive, kafkaJars, pythonPeers } from './artifacts.ts'
import { cacheDirectory } from './cache.ts'
import { startKafka } from './kafka.ts'
import { java, openssl, python } from './tools.ts'

/**
 * Downloads what the test bed needs into the cache: Kafka's jars, the Python peers, an archive of Kafka's classes. What is there already
 * is left alone. `report` gets a line on each.
 */
export async function prepare(report: (line: string) => void = () => {}): Promise<void> {
  report(`The test bed's cache is ${cacheDirectory()}`)
  await Promise.all([java(), openssl(), python()]) // what is missing is said before anything is downloaded
  const step = async (what: string, work: () => Promise<{ readonly path: string; readonly built: boolean }>) => {
    const from = performance.now()
    const { path, built } = await work()
    report(built ? `${what}: made in ${((performance.now() - from) / 1000).toFixed(1)} s, ${path}` : `${what}: there, ${path}`)
  }
  await step('Kafka (Maven)', kafkaJars)
  await step('Python peers (pip)', pythonPeers)
  await step("Kafka's classes (for a quick start)", () => kafkaClassArchive(warmUp))
}

/** The life of a broker in a typical test, so that the archive has the classes such a test loads. */
async function warmUp(jvm: readonly string[]): Promise<void> {
  const bed = await startKafka({ jvm })
  try {
    await bed.createTopic('warm-up')
    await bed.produce('warm-up', ['value'])
    await bed.commit('warm-up', 'warm-up', [1])
    await bed.setPassword('warm-up', 'warm-up')
    await bed.stop(0)
  } finally {
    await bed.close()
  }
}
