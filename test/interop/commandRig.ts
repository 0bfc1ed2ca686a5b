import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pythonPeers } from '../bed/artifacts.ts'
import { type BedClient, uniqueName } from '../bed/bedClient.ts'
import { dieWithUs, until } from '../bed/run.ts'
import { sharedBed } from '../bed/shared.ts'
import { command, type Ended } from '../cli/child.ts'

/** The only port that the peer's command can use. */
const PORT = 9092

export interface Running {
  /** What it has printed so far. */
  out(): string
  kill(signal: NodeJS.Signals): void
  readonly ended: Promise<Ended>
}

interface Credential {
  readonly username: string
  readonly password: string
}

/**
 * Both commands, with one auth.toml, before the shared broker. Its ports SASL_PLAINTEXT and PLAINTEXT can be reached by port 9092 as
 * well, each on a loopback address where nobody else has that port.
 */
export class CommandRig implements AsyncDisposable {
  readonly bed: BedClient = sharedBed()
  readonly group = uniqueName('command')
  readonly #directory: string
  readonly #doors: readonly Door[]

  private constructor(directory: string, doors: readonly Door[]) {
    this.#directory = directory
    this.#doors = doors
  }

  static async open(): Promise<CommandRig> {
    const directory = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-command-'))
    const { saslPlaintext, plaintext } = sharedBed().brokers[0]!
    return new CommandRig(directory, [await Door.to(saslPlaintext), await Door.to(plaintext)])
  }

  /** Where one authenticates; without a port, as the peer's command wants it. */
  get server(): string {
    return `kafka://${this.#doors[0]!.host}/`
  }

  /** Where one does not. */
  get plainServer(): string {
    return `kafka://${this.#doors[1]!.host}/`
  }

  /** Makes a topic that alice may use so; returns Kafka's name. */
  async topic(name: string, rights: readonly ('read' | 'write' | 'describe')[] = ['read', 'write'], maxBytes = 4_000_000): Promise<string> {
    const full = `${this.group}.${name}`
    await this.bed.createTopic(full, { config: { 'max.message.bytes': maxBytes } })
    await this.bed.grant('alice', 'topic', full, rights)
    return full
  }

  async file(name: string, text: string, mode = 0o600): Promise<string> {
    const path = join(this.#directory, name)
    await writeFile(path, text, { mode })
    return path
  }

  /** The environment of somebody with these credentials for the server. */
  async home(...credentials: readonly Credential[]): Promise<NodeJS.ProcessEnv> {
    const home = await mkdtemp(join(this.#directory, 'home-'))
    await mkdir(join(home, 'hop'))
    const tables = credentials.map(
      ({ username, password }) =>
        `[[auth]]\nusername = '${username}'\npassword = '${password}'\nhostname = '${this.#doors[0]!.host}'\nprotocol = 'SASL_PLAINTEXT'\n`,
    )
    await writeFile(join(home, 'hop', 'auth.toml'), tables.join('\n'), { mode: 0o600 })
    return { HOME: home, XDG_CONFIG_HOME: home, NETRC: undefined, HOP_FETCH_EXTERNAL: undefined, HOP_AUTOMATIC_OFFLOAD: undefined }
  }

  /** Our command. */
  ours(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
    return command(args, env).ended
  }

  /** The peer's command, under way. */
  async startPeer(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Running> {
    return startPython(['-c', 'from igwn_alert.tool import main; main()', ...args], env)
  }

  /** The peer's command, to its end. */
  async peer(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
    return (await this.startPeer(args, env)).ended
  }

  /** What a line of Python prints, with the peer at hand. */
  async python(line: string): Promise<string> {
    return (await (await startPython(['-c', line], {})).ended).out
  }

  /** The peer's listener as soon as it has printed `text`; ended by Ctrl-C. */
  async heard(args: readonly string[], env: NodeJS.ProcessEnv, text: string): Promise<Ended> {
    const listener = await this.startPeer(args, env)
    await until(() => listener.out().includes(text), `the peer has not printed ${text}`)
    listener.kill('SIGINT')
    return listener.ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const door of this.#doors) await door.close()
    await rm(this.#directory, { recursive: true, force: true })
  }
}

async function startPython(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Running> {
  const { python } = await pythonPeers()
  const child = spawn(python, args, { env: { ...process.env, PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1', ...env } })
  if (child.pid === undefined) throw new Error(`${python} could not be started`)
  child.once('exit', dieWithUs(child.pid))
  child.stdin.end()
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text
  })
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }))
  return { out: () => out, kill: signal => void child.kill(signal), ended }
}

/** Port 9092 of a loopback address: all that comes there goes to `target`. */
class Door {
  readonly host: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(host: string, target: string) {
    this.host = host
    const [name, port] = target.split(':')
    this.#server = createServer(from => {
      const to = connect(Number(port), name)
      for (const [one, other] of [
        [from, to],
        [to, from],
      ] as const) {
        this.#sockets.add(one)
        one.on('error', () => other.destroy()).on('close', () => this.#sockets.delete(one))
        one.pipe(other)
      }
    })
  }

  /** The first address from 127.0.0.2 on where the port is free. */
  static async to(target: string): Promise<Door> {
    for (let last = 2; last < 255; last++) {
      const door = new Door(`127.0.0.${last}`, target)
      if (await door.#isListening()) return door
    }
    throw new Error(`port ${PORT} is taken, or there is none, from 127.0.0.2 to 127.0.0.254`)
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #isListening(): Promise<boolean> {
    this.#server.listen(PORT, this.host)
    try {
      await once(this.#server, 'listening')
      return true
    } catch {
      return false
    }
  }
}
