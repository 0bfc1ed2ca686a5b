import { type Clock, pause } from '../../clock.ts'
import type { AlertErrorCode } from '../../errors.ts'
import type { Hello } from '../protocol/events.ts'

/** What the tab that is connected tells the others. */
export type TabMessage =
  /** An event of the bridge, as it came. */
  | { readonly type: 'event'; readonly event: string; readonly data: string; readonly id: string | undefined }
  /** The connection lives, though nothing comes; or it is being made. */
  | { readonly type: 'alive' }
  /** The connection is tried again in `delay` ms. */
  | { readonly type: 'trouble'; readonly attempt: number; readonly delay: number; readonly code: AlertErrorCode; readonly message: string }
  /** A tab that has come: where do you stand? */
  | { readonly type: 'ask' }
  /** The answer; `offsets` are the next ones, by topic id and partition. */
  | {
      readonly type: 'state'
      readonly hello: Hello
      readonly cursor: string | undefined
      readonly offsets: readonly (readonly [string, number])[]
    }

/** What is used of the platform's LockManager, which not every host has. */
interface Locks {
  request(name: string, options: { signal?: AbortSignal; steal?: boolean }, work: () => Promise<void>): Promise<unknown>
}

export interface TabsOptions {
  readonly name: string
  readonly clock: Clock
  /** Told by another tab. */
  readonly hear: (message: TabMessage) => void
  /** A tab that is connected and says nothing for so long has been put to sleep by the browser: another one takes its place; ms. */
  readonly patience: () => number
}

/** The tabs of an origin that share one connection: one of them is connected at a time, and tells the others what it hears. */
export class Tabs {
  readonly #options: TabsOptions
  readonly #locks: Locks
  readonly #channel: InstanceType<typeof BroadcastChannel>
  #isLeading = false
  #heard: number

  /** Undefined where the platform cannot: it has locks in secure contexts only (https, localhost). */
  static open(options: TabsOptions): Tabs | undefined {
    const { locks } = ((globalThis as { readonly navigator?: object }).navigator ?? {}) as { readonly locks?: Locks }
    return locks && new Tabs(options, locks)
  }

  private constructor(options: TabsOptions, locks: Locks) {
    this.#options = options
    this.#locks = locks
    this.#channel = new BroadcastChannel(options.name)
    this.#heard = options.clock.tick()
    this.#channel.onmessage = ({ data }: { readonly data: unknown }) => {
      this.#heard = options.clock.tick()
      options.hear(data as TabMessage)
    }
  }

  get isLeading(): boolean {
    return this.#isLeading
  }

  tell(message: TabMessage): void {
    this.#channel.postMessage(message)
  }

  /** Does `work` whenever it is this tab's turn to be connected; its signal aborts when the turn is over. */
  async run(over: AbortSignal, work: (turn: AbortSignal) => Promise<void>): Promise<void> {
    this.tell({ type: 'ask' })
    let steal = false
    while (!over.aborted) {
      steal = await this.#wait(over, steal, work)
    }
    this.#channel.close()
  }

  /** One wait and, if it comes, one turn; whether the next is to be taken from a tab that sleeps. */
  async #wait(over: AbortSignal, steal: boolean, work: (turn: AbortSignal) => Promise<void>): Promise<boolean> {
    const turn = new AbortController()
    const waiting = new AbortController()
    let isSilent = false
    const end = (): void => {
      waiting.abort()
      turn.abort()
    }
    const lead = async (): Promise<void> => {
      waiting.abort()
      this.#isLeading = true
      await work(turn.signal)
    }
    over.addEventListener('abort', end)
    if (!steal) {
      void this.#silence(waiting.signal).then(silent => {
        isSilent = silent
        waiting.abort()
      })
    }
    try {
      await this.#locks.request(this.#options.name, steal ? { steal } : { signal: waiting.signal }, lead)
    } catch {
      // Another tab has taken the turn, or the wait was called off.
    }
    this.#isLeading = false
    over.removeEventListener('abort', end)
    end()
    return isSilent
  }

  /** Resolves with true when no other tab has said anything for too long, with false when the wait is over. */
  async #silence(waiting: AbortSignal): Promise<boolean> {
    const { clock, patience } = this.#options
    this.#heard = clock.tick()
    // Not all tabs at the same moment.
    const jitter = 1 + Math.random() / 2
    while (!waiting.aborted) {
      const left = patience() * jitter - (clock.tick() - this.#heard)
      if (left <= 0) return true
      await pause(clock, left, waiting)
    }
    return false
  }
}
