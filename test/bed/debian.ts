import { run } from './run.ts'

export interface Wanted {
  /** What it is called where it is told of. */
  readonly name: string
  /** Debian's name for it. */
  readonly package: string
  /** How to get it by hand. */
  readonly hint: string
}

/** Installs a package of Debian's, where that may be done; else says how to get it. */
export async function installFromDebian({ name, package: wanted, hint }: Wanted, report: (line: string) => void): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error(`${name} was not found. ${hint}`)
  report(`${name} (apt-get install) ...`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['update', '-qq'], { env, missing: hint })
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', wanted], { env, missing: hint })
}
