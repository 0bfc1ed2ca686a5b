import { existsSync } from 'node:fs'
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CacheEntry, type CacheKey, cached, lookUp } from './cache.ts'
import { run } from './run.ts'
import { java, maven, python } from './tools.ts'

const pomFile = fileURLToPath(new URL('pom.xml', import.meta.url))
const requirementsFile = fileURLToPath(new URL('peers/requirements.txt', import.meta.url))

/** What `java` needs to run Kafka. */
export interface KafkaProgram {
  readonly java: string
  readonly classPath: string
  /** An archive of loaded classes, which halves the start; undefined until `prepare` has made it. */
  readonly classArchive: string | undefined
}

/** Kafka's jars, downloaded by Maven if they are not in the cache. */
export async function kafkaJars(): Promise<CacheEntry> {
  const pins = await readFile(pomFile, 'utf8')
  return cached({ name: 'kafka', pins: [pins] }, async directory => {
    const { command } = await maven()
    await copyFile(pomFile, join(directory, 'pom.xml'))
    const goals = ['dependency:copy-dependencies', '-DoutputDirectory=libs', '-DincludeScope=runtime']
    await run(command, ['--batch-mode', '--quiet', '--strict-checksums', ...goals], { cwd: directory })
  })
}

/** Kafka, ready to be run. */
export async function kafkaProgram(): Promise<KafkaProgram> {
  const [{ command, version }, jars] = await Promise.all([java(), kafkaJars()])
  const libs = join(jars.path, 'libs')
  const names = (await readdir(libs)).filter(name => name.endsWith('.jar')).sort()
  const archive = await lookUp(classArchiveKey(jars.path, version))
  const file = archive && join(archive, classArchiveName)
  return {
    java: command,
    classPath: names.map(name => join(libs, name)).join(':'),
    classArchive: file !== undefined && existsSync(file) ? file : undefined,
  }
}

const classArchiveName = 'classes.jsa'

/** Belongs to one Java and one place of the jars: Java checks both. */
function classArchiveKey(jars: string, javaVersion: string): CacheKey {
  return { name: 'kafka-classes', pins: [jars, javaVersion, process.arch] }
}

/**
 * The archive of the classes that Kafka loads. `warmUp(jvmOptions)` runs a Kafka to its orderly end with the given options.
 * A Java that cannot make one (the entry then says why) only makes Kafka start more slowly.
 */
export async function kafkaClassArchive(warmUp: (jvmOptions: readonly string[]) => Promise<void>): Promise<CacheEntry> {
  const [{ version }, jars] = await Promise.all([java(), kafkaJars()])
  return cached(classArchiveKey(jars.path, version), async directory => {
    const file = join(directory, classArchiveName)
    await warmUp([`-XX:ArchiveClassesAtExit=${file}`])
    if (!existsSync(file)) await writeFile(join(directory, 'none.txt'), 'This Java made no archive at exit (-XX:ArchiveClassesAtExit).\n')
  })
}

/** A Python environment with the peers, made if it is not in the cache. */
export async function pythonPeers(): Promise<CacheEntry & { readonly python: string }> {
  const [{ command, version }, requirements] = await Promise.all([python(), readFile(requirementsFile, 'utf8')])
  const key = { name: 'python', pins: [requirements, command, version, process.platform, process.arch] }
  const entry = await cached(key, async directory => {
    await run(command, ['-m', 'venv', directory])
    const pip = ['-m', 'pip', '--quiet', '--disable-pip-version-check', '--no-input']
    await run(pythonIn(directory), [...pip, 'install', '--no-deps', '--requirement', requirementsFile])
    await run(pythonIn(directory), [...pip, 'check'])
  })
  return { ...entry, python: pythonIn(entry.path) }
}

function pythonIn(environment: string): string {
  return join(environment, 'bin', 'python')
}
