import { existsSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installFromDebian } from './debian.ts'
import { prepareNginx } from './nginx.ts'
import { run } from './run.ts'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome']
const FRONT_ENDS: string = fileURLToPath(new URL('../../examples/front-ends/', import.meta.url))

/** The browser of `CHROMIUM`, else the first that is on the PATH, else Debian's. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/bin'].filter(Boolean)
  const candidates = [env['CHROMIUM'], ...folders.flatMap(folder => NAMES.map(name => join(folder, name)))]
  return candidates.find(path => path && existsSync(path))
}

/** Sees to it that there is Chromium, and nginx, by Debian's packages where those may be installed, and the packages of examples/front-ends. */
export async function prepareBrowser(report: (line: string) => void = () => {}): Promise<void> {
  const hint = 'Install it (Debian: apt install chromium) or set CHROMIUM to one.'
  if (!findChromium()) await installFromDebian({ name: 'Chromium', package: 'chromium', hint }, report)
  report(`Chromium: ${findChromium()}`)
  await prepareNginx(report)
  const installed = join(FRONT_ENDS, 'node_modules/.package-lock.json')
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(FRONT_ENDS, 'package-lock.json')).mtimeMs) return
  report('The packages of examples/front-ends (npm ci) ...')
  await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: FRONT_ENDS })
}
