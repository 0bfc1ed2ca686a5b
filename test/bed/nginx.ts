import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { installFromDebian } from './debian.ts'
import { freePorts } from './ports.ts'
import { dieWithUs, ended, lastLines, until } from './run.ts'

/** As the package has it: what is in between when somebody puts a bridge behind nginx and changes nothing else. */
const DEFAULT = '/etc/nginx/nginx.conf'
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/** The nginx of `NGINX`, else that on the PATH, else Debian's. */
export function findNginx(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folders = [...(env['PATH'] ?? '').split(delimiter), '/usr/sbin'].filter(Boolean)
  return [env['NGINX'], ...folders.map(folder => join(folder, 'nginx'))].find(path => path && existsSync(path))
}

/** Sees to it that there is nginx with its default configuration, by Debian's package where that may be installed. */
export async function prepareNginx(report: (line: string) => void = () => {}): Promise<void> {
  const hint = `Install it (Debian: apt install nginx-light); the tests begin with its ${DEFAULT}.`
  if (!findNginx() || !existsSync(DEFAULT)) await installFromDebian({ name: 'nginx', package: 'nginx-light', hint }, report)
  report(`nginx: ${findNginx()}`)
}

export interface Nginx {
  /** Where it listens: http://127.0.0.1:port */
  readonly url: string
  close(): Promise<void>
}

/** A real nginx: Debian's default configuration, only that it keeps its files in a folder of its own, and the lines of one server. */
export async function startNginx(serverLines: string): Promise<Nginx> {
  const command = findNginx()
  if (!command) throw new Error('nginx was not found. node scripts/prepare.mjs --browser gets it.')
  const [port] = await freePorts(1)
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'))
  // Its workers are another user.
  await chmod(folder, 0o755)
  const config = join(folder, 'nginx.conf')
  const log = join(folder, 'error.log')
  await writeFile(config, inFolder(await readFile(DEFAULT, 'utf8'), folder, `server { listen 127.0.0.1:${port};\n${serverLines}\n}`))
  const child = spawn(command, ['-c', config, '-e', log, '-g', 'daemon off;'], { stdio: 'ignore' })
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null
  const callOff = dieWithUs(child.pid!)
  const close = async (): Promise<void> => {
    child.kill('SIGTERM')
    await ended(child)
    callOff()
    await rm(folder, { recursive: true, force: true })
  }
  const url = `http://127.0.0.1:${port}`
  try {
    await until(async () => isOver() || (await fetch(url)).status > 0, 'nginx does not answer')
    if (isOver()) throw new Error(`nginx ended with code ${child.exitCode}:\n${lastLines(await readFile(log, 'utf8'), 5)}`)
  } catch (error) {
    await close()
    throw error
  }
  return { url, close }
}

function inFolder(config: string, folder: string, server: string): string {
  const changed = config
    .replace(/^pid .*/m, `pid ${folder}/nginx.pid;`)
    .replace(/^error_log .*/m, `error_log ${folder}/error.log;`)
    .replace(/access_log .*/, `access_log ${folder}/access.log;`)
    .replace(/include .*conf\.d.*/, TEMPORARY.map(what => `${what}_temp_path ${folder}/${what};`).join('\n'))
    .replace(/include .*sites-enabled.*/, server)
  if (!changed.includes(server) || !changed.includes('proxy_temp_path')) throw new Error(`${DEFAULT} is not as Debian's package has it`)
  return changed
}
