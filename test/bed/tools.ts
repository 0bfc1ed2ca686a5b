import { run } from './run.ts'

/** A program the test bed needs, with what was found. */
export interface Tool {
  readonly command: string
  readonly version: string
}

const hints = {
  java: 'Kafka needs Java 17 or newer. Install it (Debian: apt install openjdk-17-jre-headless; macOS: brew install openjdk) or set JAVA_HOME.',
  maven: "Kafka's jars are downloaded by Maven. Install it (Debian: apt install maven; macOS: brew install maven).",
  python:
    'The Python peers need Python 3.11 or newer with venv. Install it (Debian: apt install python3-venv; macOS: brew install python) or set PYTHON to one.',
  openssl: "The test bed's certificates are made by openssl. Install it (Debian: apt install openssl; macOS: brew install openssl).",
}

/** Java 17 or newer: that of JAVA_HOME, else of the PATH. */
export function java(): Promise<Tool> {
  const home = process.env['JAVA_HOME']
  return tool(home ? `${home}/bin/java` : 'java', ['-version'], { name: 'Java', least: [17], hint: hints.java })
}

/** Maven 3.6 or newer. */
export function maven(): Promise<Tool> {
  return tool('mvn', ['--version'], { name: 'Maven', least: [3, 6], hint: hints.maven })
}

/** Python 3.11 or newer: that of PYTHON, else `python3` of the PATH. */
export function python(): Promise<Tool> {
  return tool(process.env['PYTHON'] || 'python3', ['--version'], { name: 'Python', least: [3, 11], hint: hints.python })
}

/** Any OpenSSL or LibreSSL. */
export function openssl(): Promise<Tool> {
  return tool('openssl', ['version'], { name: 'OpenSSL', least: [1, 1], hint: hints.openssl })
}

interface Need {
  readonly name: string
  readonly least: readonly number[]
  readonly hint: string
}

async function tool(command: string, args: readonly string[], need: Need): Promise<Tool> {
  const { stdout, stderr } = await run(command, args, { missing: need.hint })
  const said = `${stdout}\n${stderr}`.trim()
  const version = /\d+(\.\d+)+|(?<=version ")\d+/.exec(said)?.[0]
  if (version === undefined || !isAtLeast(version, need.least)) {
    throw new Error(
      `${need.name} ${need.least.join('.')} or newer is needed; ${command} ${args.join(' ')} said: ${said.split('\n')[0]}. ${need.hint}`,
    )
  }
  return { command, version }
}

/** Whether the dotted version is at least the given one, number by number. */
export function isAtLeast(version: string, least: readonly number[]): boolean {
  const numbers = version.split('.').map(Number)
  for (const [index, need] of least.entries()) {
    const got = numbers[index] ?? 0
    if (got !== need) return got > need
  }
  return true
}
