import { until } from '../../bed/run.ts'
import type { Resources, SoakLine, SoakTask } from '../programs/soak.ts'
import { Ledger } from './ledger.ts'
import { Program } from './program.ts'
import { slope } from './slope.ts'

/** Of the memory after the first minute, after garbage collection: bytes a minute, by least squares, and bytes. */
export interface Growth {
  /** The heap with what hangs on it outside, its buffers. */
  readonly heap: { readonly perMinute: number; readonly last: number }
  /** The whole process. */
  readonly rss: { readonly perMinute: number; readonly last: number }
  readonly samples: number
}

type Sample = Extract<SoakLine, { readonly type: 'sample' }>

const WARMING_UP = 60_000
const MINUTE = 60_000
const PATIENCE = 60_000

/** The process that is soaked: what it says goes into ledgers and samples. */
export class Soaked implements AsyncDisposable {
  readonly read = new Ledger()
  readonly grouped = new Ledger()
  readonly written = new Ledger()
  readonly failures: string[] = []
  readonly #program: Program<SoakLine>
  readonly #samples: Sample[] = []
  #connected = 0

  constructor(task: SoakTask) {
    this.#program = new Program('soak', { task, node: ['--expose-gc'], onLine: (line: SoakLine) => this.#take(line) })
  }

  /** Both readers are: nothing that is sent from now on is before their start. */
  async untilConnected(): Promise<void> {
    await this.#until(() => this.#connected >= 2, 'the readers are not connected')
  }

  /** Alerts come and go once more. */
  async untilFlows(): Promise<void> {
    const counts = (): number[] => [this.read.arrived, this.grouped.arrived, this.written.acknowledged]
    const before = counts()
    await this.#until(() => counts().every((count, i) => count >= before[i]! + 50), 'alerts do not flow')
  }

  async nextHandles(): Promise<Resources> {
    const { length } = this.#samples
    await this.#until(() => this.#samples.length > length, 'there is no sample')
    return this.#samples.at(-1)!.resources
  }

  /** As soon as they are as given; else those of now. */
  async handlesLike(before: Resources): Promise<Resources> {
    const last = (): Resources => this.#samples.at(-1)?.resources ?? {}
    await this.#until(() => moreThan(before, last()).length === 0, 'more handles').catch(() => {}) // the caller compares them
    return last()
  }

  growth(): Growth {
    const start = this.#samples[0]?.at ?? 0
    const later = this.#samples.filter(({ at }) => at - start > WARMING_UP)
    const of = (what: 'heap' | 'rss'): { perMinute: number; last: number } => ({
      perMinute: slope(later.map(sample => ({ x: sample.at / MINUTE, y: sample[what] }))),
      last: later.at(-1)![what],
    })
    return { heap: of('heap'), rss: of('rss'), samples: later.length }
  }

  async publishNoMore(): Promise<void> {
    this.#program.signal('SIGUSR2')
    await this.#program.line(({ type }) => type === 'quiet', 2 * PATIENCE)
  }

  async untilAllThere(): Promise<void> {
    const isThere = (): boolean => this.read.missing + this.grouped.missing === 0
    await this.#until(isThere, 'missing').catch(() => {}) // the verdict says what is lost
  }

  /** Closes its client; what then keeps it, against what kept it before it had one. */
  async end(): Promise<{ readonly before: Resources; readonly after: Resources; readonly endedWell: boolean }> {
    this.#program.signal('SIGTERM')
    const line = await this.#program.line(({ type }) => type === 'closed')
    if (line.type !== 'closed') throw new Error(`the line ${line.type} was not waited for`)
    await until(() => !this.#program.isRunning, 'the process does not end', 10_000).catch(() => {})
    const endedWell = !this.#program.isRunning
    const { code } = await this.#program.end()
    return { before: line.before, after: line.after, endedWell: endedWell && code === 0 }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#program[Symbol.asyncDispose]()
  }

  #take(line: SoakLine): void {
    if (line.type === 'record') (line.grouped ? this.grouped : this.read).got(line.partition, line.offset, line.at)
    else if (line.type === 'stored') this.written.sent(line.partition, line.n, line.at)
    else if (line.type === 'failed') this.failures.push(line.what)
    else if (line.type === 'sample') this.#samples.push(line)
    else if (line.type === 'status' && line.status === 'connected') this.#connected++
  }

  /** @throws with the program's errors where it ended */
  async #until(condition: () => boolean, what: string): Promise<void> {
    await until(() => condition() || !this.#program.isRunning, what, PATIENCE)
    if (!this.#program.isRunning) throw new Error(`the process ended. Its errors:\n${this.#program.errors}`)
  }
}

/** Of which kinds there are more now. Fewer are no leak: whether a timer is set just now is chance. */
export const moreThan = (before: Resources, now: Resources): string[] =>
  Object.entries(now).flatMap(([kind, count]) => (count > (before[kind] ?? 0) ? [`${count} ${kind}, ${before[kind] ?? 0} before`] : []))
