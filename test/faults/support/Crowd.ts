import { setTimeout as wait } from 'node:timers/promises'
import { seeded } from '../../../src/testing/random.ts'
import type { BedClient } from '../../bed/bedClient.ts'
import { type PythonProcess, startPython } from '../../bed/peers.ts'
import type { MemberLine, MemberTask } from '../programs/member.ts'
import { Life } from './lives.ts'
import { Program } from './program.ts'
import { now } from './time.ts'

export interface CrowdOptions {
  readonly bed: BedClient
  readonly topic: string
  readonly group: string
  readonly sessionTimeout: number
  readonly heartbeatInterval: number
  readonly revokeTimeout: number
  /** The same seed, the same events; when they come in the traffic is chance. */
  readonly seed: number
}

type Kind = MemberTask['by'] | 'python'

/** A place for one member at a time. */
interface Seat {
  readonly kind: Kind
  occupant: Occupant | undefined
}

interface Occupant {
  readonly life: Life
  /** Ends it in order, and waits for its end. */
  leave(): Promise<void>
  kill(): Promise<void>
}

/** ms of work on a record, at most, in Python. */
const WORK_OF_PYTHON = 10

/** Four members of a group, of which three are ours and one is Python's, that come and go at random. */
export class Crowd implements AsyncDisposable {
  readonly lives: Life[] = []
  /** How often each happened. */
  readonly counts = { joined: 0, left: 0, killed: 0 }
  readonly #options: CrowdOptions
  readonly #random: () => number
  readonly #seats: readonly Seat[] = (['handle', 'ack', 'handle', 'python'] as const).map(kind => ({ kind, occupant: undefined }))
  readonly #endings = new Set<Promise<void>>()

  constructor(options: CrowdOptions) {
    this.#options = options
    this.#random = seeded(options.seed)
  }

  /** All seats are taken. */
  async fill(): Promise<void> {
    for (const seat of this.#seats) if (!seat.occupant) await this.#join(seat)
  }

  /** Somebody joins, leaves or is killed, every now and then; somebody always stays. @param pause ms between two events, at most */
  async stir(until: number, pause: number): Promise<void> {
    await this.fill()
    while (now() < until) {
      await wait((0.3 + 0.7 * this.#random()) * pause)
      const seat = this.#seats[Math.floor(this.#random() * this.#seats.length)]!
      const isKill = this.counts.killed === 0 || this.#random() < 0.4 // somebody is killed, however short it is
      if (!seat.occupant) await this.#join(seat)
      else if (this.#seats.filter(({ occupant }) => occupant).length > 1) this.#end(seat, isKill)
    }
  }

  /** Everybody leaves. */
  async leave(): Promise<void> {
    for (const seat of this.#seats) if (seat.occupant) this.#end(seat, false)
    await Promise.all(this.#endings)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#seats.flatMap(({ occupant }) => (occupant ? [occupant.kill()] : [])))
    await Promise.allSettled(this.#endings)
  }

  async #join(seat: Seat): Promise<void> {
    const life = new Life(`${seat.kind} ${this.lives.length}`, seat.kind !== 'python')
    this.lives.push(life)
    this.counts.joined++
    seat.occupant = seat.kind === 'python' ? await this.#startPython(life) : this.#startOurs(life, seat.kind)
  }

  /** The seat is free for another while the one who left it still has work to end. */
  #end(seat: Seat, isKill: boolean): void {
    const { occupant } = seat
    seat.occupant = undefined
    this.counts[isKill ? 'killed' : 'left']++
    const ending = isKill ? occupant!.kill() : occupant!.leave()
    this.#endings.add(ending.catch(error => void occupant!.life.troubles.push(`${occupant!.life.name}: ${error}`)))
  }

  #startOurs(life: Life, by: MemberTask['by']): Occupant {
    const { bed, topic, group, sessionTimeout, heartbeatInterval, revokeTimeout } = this.#options
    const server = `kafka://${bed.brokers[0]!.plaintext}/`
    const times = { sessionTimeout, heartbeatInterval, revokeTimeout }
    const client = { server, noauth: true, consumerGroup: group, from: 'earliest', maxUnhandled: { records: 200 }, ...times } as const
    const task: MemberTask = { client, topic, by, seed: Math.floor(this.#random() * 2 ** 31) }
    const program = new Program<MemberLine>('member', { task, onLine: line => life.take(line) })
    return {
      life,
      leave: async () => {
        const { code } = await program.end('SIGTERM')
        // Before it had started, the signal has its usual effect.
        if (life.started && code !== 0) life.troubles.push(`${life.name}: left with ${code}. Its errors:\n${program.errors}`)
      },
      kill: async () => {
        const at = now()
        const { signal } = await program.end()
        if (signal !== 'SIGKILL') life.troubles.push(`${life.name}: ended before it was killed. Its errors:\n${program.errors}`)
        life.killed(at)
      },
    }
  }

  async #startPython(life: Life): Promise<Occupant> {
    const { bed, topic, group, sessionTimeout, heartbeatInterval } = this.#options
    const config = { 'session.timeout.ms': sessionTimeout, 'heartbeat.interval.ms': heartbeatInterval }
    const python: PythonProcess<MemberLine> = await startPython('confluent_member.py', {
      access: bed.access(),
      group,
      topic,
      work: WORK_OF_PYTHON,
      config,
    })
    const tell = (): void => {
      for (const line of python.lines) life.take(line)
    }
    return {
      life,
      leave: async () => {
        const { code, stderr } = await python.stop()
        tell()
        if (code !== 0) life.troubles.push(`${life.name}: left with ${code}. Its errors:\n${stderr}`)
      },
      kill: async () => {
        const at = now()
        await python.kill()
        const { signal, stderr } = await python.result
        if (signal !== 'SIGKILL') life.troubles.push(`${life.name}: ended before it was killed. Its errors:\n${stderr}`)
        tell()
        life.killed(at)
      },
    }
  }
}
