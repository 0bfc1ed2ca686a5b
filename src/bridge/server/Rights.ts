import { type Clock, pause } from '../../clock.ts'
import { AlertError } from '../../errors.ts'
import type { Logger } from '../../status.ts'
import type { Hello, ServedTopic } from '../protocol/events.ts'
import type { Catalog } from './Catalog.ts'
import type { BridgeOptions } from './options.ts'

/** Who somebody is, as far as the bridge knows. */
export interface Caller {
  readonly token: string | undefined
  readonly address: string | undefined
}

export interface Granted {
  readonly granted: readonly ServedTopic[]
  readonly refused: Hello['refused']
}

/** Who waits for longer is gone by then, ms. */
const DEADLINE = 10_000
const LATE = Symbol('late')

/** What callers may read. */
export class Rights {
  readonly #authorize: BridgeOptions['authorize']
  readonly #catalog: Catalog
  readonly #logger: Logger
  readonly #clock: Clock

  constructor(authorize: BridgeOptions['authorize'], catalog: Catalog, logger: Logger, clock: Clock) {
    this.#authorize = authorize
    this.#catalog = catalog
    this.#logger = logger
    this.#clock = clock
  }

  async mayRead(topic: ServedTopic, { token, address }: Caller): Promise<boolean> {
    if (!this.#authorize) return true
    const answered = new AbortController()
    const late = pause(this.#clock, DEADLINE, answered.signal).then(() => LATE)
    try {
      const answer = await Promise.race([this.#authorize({ topic, token, address }), late])
      if (answer === LATE) throw new AlertError('ALERT_TIMEOUT', `it gave no answer in ${DEADLINE} ms`)
      return answer === true
    } catch (thrown) {
      this.#logger.error({ topic: topic.id }, `authorize() failed, which counts as no: ${reasonOf(thrown)}`)
      return false
    } finally {
      answered.abort()
    }
  }

  /** Of the topics that are asked for: those that the caller may read. None are asked for: of all. */
  async grant(names: readonly string[] | undefined, caller: Caller): Promise<Granted> {
    const wishes =
      names?.map(name => ({ name, topics: this.#catalog.named(name) })) ??
      this.#catalog.all.map(topic => ({ name: topic.id, topics: [topic] }))
    const wanted = [...new Set(wishes.flatMap(({ topics }) => topics))]
    const answers = await Promise.all(wanted.map(topic => this.mayRead(topic, caller)))
    const granted = wanted.filter((_, index) => answers[index])
    const refused = wishes.flatMap(({ name, topics }): Hello['refused'] => {
      if (topics.some(topic => granted.includes(topic))) return []
      // Who may not read a topic that was not named is not told that there is one.
      if (names === undefined) return []
      return [{ topic: name, reason: topics.length > 0 ? 'forbidden' : 'unknown' }]
    })
    return { granted, refused }
  }
}

/** What another library says of a token may have the token in it. */
function reasonOf(thrown: unknown): string {
  if (thrown instanceof AlertError) return thrown.message
  return `${thrown instanceof Error ? thrown.constructor.name : typeof thrown}, whose text may hold a secret; catch it there to see it`
}
