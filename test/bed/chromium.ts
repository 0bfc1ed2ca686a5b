import { existsSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './run.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
const FRONT_ENDS: string = fileURLToPath(new URL('../../examples/front-ends/', import.meta.url))

/** The browser of `CHROMIUM`, else the first that is on the PATH, else Debian's. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/bin'].filter(Boolean)
  const candidates = [env['CHROMIUM'], ...folders.flatMap(folder => NAMES.map(name => join(folder, name)))]
  return candidates.find(path => path && existsSync(path))
}

/** Sees to it that there is Chromium, by Debian's package where that may be installed, and the packages of examples/front-ends. */
export async function prepareBrowser(report: (line: string) => void = () => {}): Promise<void> {
  if (!findChromium()) await installChromium(report)
  report(`Chromium: ${findChromium()}`)
  const installed = join(FRONT_ENDS, 'node_modules/.package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(FRONT_ENDS, 'package-lock.json')).mtimeMs) return
  report('The packages of examples/front-ends (npm ci) ...')
  await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: FRONT_ENDS })
}

async function installChromium(report: (line: string) => void): Promise<void> {
  const hint = 'Install it (Debian: apt install chromium) or set CHROMIUM to one.'
  if (process.getuid?.() !== 0) throw new Error(`Chromium was not found. ${hint}`)
  report('Chromium (apt-get install) ...')
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await run('apt-get', ['update', '-qq'], { env, missing: hint })
  await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], { env, missing: hint })
}
