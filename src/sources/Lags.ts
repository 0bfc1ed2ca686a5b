import type { ReadingContext } from './context.ts'
import type { Part } from './Part.ts'

/** A partition that is behind says so no more often than this, ms. */
const INTERVAL = 5_000

interface Said {
  readonly lag: number
  /** When it last was said to be behind, by the clock's tick. */
  readonly at: number
}

/**
 * Says how far each partition is behind: when it cannot be delivered in one turn, then every 5 s until it has caught up, which is said once.
 * One timer, and only while some partition is behind.
 */
export class Lags {
  readonly #context: ReadingContext
  readonly #said = new WeakMap<Part, Said>()
  #cancel: (() => void) | undefined

  constructor(context: ReadingContext) {
    this.#context = context
  }

  look(): void {
    const { parts, options, signal } = this.#context
    const now = options.clock.tick()
    let behind = false
    for (const part of parts.values()) {
      behind ||= part.lag > 0
      if (this.#isNews(part, now)) this.#say(part, now)
    }
    if (!behind || signal.aborted) return
    this.#cancel ??= options.clock.after(INTERVAL, () => {
      this.#cancel = undefined
      this.look()
    })
  }

  stop(): void {
    this.#cancel?.()
  }

  #isNews(part: Part, now: number): boolean {
    const said = this.#said.get(part)
    return part.lag > 0 ? said === undefined || now - said.at >= INTERVAL : said !== undefined && said.lag > 0
  }

  #say(part: Part, now: number): void {
    const { lag, place } = part
    this.#said.set(part, { lag, at: lag > 0 ? now : this.#said.get(part)!.at })
    this.#context.say({ type: 'lag', topic: place.fullTopic, partition: place.partition, lag })
  }
}
