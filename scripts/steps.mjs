import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** Runs a command in the project, its output passed on; whether it succeeded. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options })
  if (error) console.error(`${command} could not be run: ${error.message}`)
  return status === 0
}

const NODE_WANTED = [20, 19]

/** Ends the process with a clear word when this Node is too old. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > NODE_WANTED[0] || (major === NODE_WANTED[0] && minor >= NODE_WANTED[1])) return
  console.error(`This is Node ${process.version}; igwn-alert-rx needs ${NODE_WANTED.join('.')} or later.`)
  process.exit(1)
}

/** Installs the packages that package-lock.json names, if they are not there. */
export function installPackages() {
  const installed = `${root}node_modules/.package-lock.json`
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${root}package-lock.json`).mtimeMs) return
  console.log('Installing packages (npm ci) ...')
  if (!run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])) {
    console.error('npm ci failed: see above. It needs a reachable npm registry.')
    process.exit(1)
  }
}

export const packageJson = () => JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
