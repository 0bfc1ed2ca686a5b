import { AlertError } from '../../errors.ts'
import { kafkaError } from '../codes.ts'
import { API } from './apis.ts'
import type { EngineConfig } from './config.ts'
import { Link } from './link.ts'
import { type ClusterMetadata, fromOldAnswer, metadataRequest, type TopicMetadata, WITH_TOPIC_IDS } from './metadata.ts'
import { firstReady } from './search.ts'

export type { TopicMetadata } from './metadata.ts'

const UNKNOWN_TOPIC = 3

/** A question about the cluster is harmless twice: one whose link died is asked again elsewhere. */
const QUESTION_TRIES = 3
/** Of `hedge`: a main link that is silent for so long may have died without a word. */
const DOUBTFUL = 4

/** The links to one cluster. All are opened through here, so that `close()` leaves none. */
export class Links {
  readonly config: EngineConfig
  readonly #open = new Set<Link>()
  readonly #closing = new Set<Promise<void>>()
  readonly #failedAt = new Map<string, number>()
  #known: readonly string[] = []
  #main: Link | undefined
  #search: Promise<Link> | undefined
  #over: AlertError | undefined

  constructor(config: EngineConfig) {
    this.config = config
  }

  /** Why nothing is opened any more. */
  get over(): AlertError | undefined {
    return this.#over
  }

  /** A new link of its own to that broker; whoever asks for it kills it. @throws AlertError ALERT_CLOSED after `close()` */
  link(address: string): Link {
    if (this.#over) throw this.#over
    const link: Link = new Link(this.config, address, () => {
      this.#open.delete(link)
      const closed = link.closed.then(() => {
        this.#closing.delete(closed)
      })
      this.#closing.add(closed)
    })
    this.#open.add(link)
    return link
  }

  /** The link for questions that any broker answers: opened when needed, shared. Rejects when no broker can be reached. */
  async main(): Promise<Link> {
    if (this.#over) throw this.#over
    if (this.#main && !this.#main.dead) return this.#main
    return this.#searching()
  }

  /** Topics with their leaders; `'all'`: those that this user may see, without Kafka's internal ones. Never creates a topic. Rejects when no broker answers. */
  async metadata(topics: readonly string[] | 'all'): Promise<Map<string, TopicMetadata>> {
    if (topics === 'all') {
      const { topics: all } = await this.cluster(null)
      return new Map([...all].filter(([, { internal }]) => !internal))
    }
    const names = [...new Set(topics)]
    if (names.length === 0) return new Map() // an empty list would ask for all
    const answer = await this.cluster(names)
    return new Map(names.map(name => [name, answer.topics.get(name) ?? unnamed(name)]))
  }

  /** What a broker says of the cluster and of these topics; null: all. */
  async cluster(topics: readonly string[] | null): Promise<ClusterMetadata> {
    const answer = await this.question(link => askMetadata(link, topics))
    this.#known = answer.brokers
    return answer
  }

  /** Asks any broker, and another one where the link died. Rejects when no broker can be reached. */
  async question<T>(ask: (link: Link) => Promise<T>): Promise<T> {
    for (let tries = QUESTION_TRIES; ; tries--) {
      const link = await this.main()
      // Only once: a broker that merely takes its time is left to it.
      const answered = tries === QUESTION_TRIES ? this.#doubt(link) : undefined
      try {
        return await ask(link)
      } catch (error) {
        if (!link.dead || this.#over || tries === 1) throw error
        this.noteFailed(link.address)
      } finally {
        answered?.()
      }
    }
  }

  /** That address just failed: it is tried last. */
  noteFailed(address: string): void {
    this.#failedAt.set(address, performance.now())
  }

  /** Kills every link; resolves when no socket is left. */
  async close(): Promise<void> {
    this.#over ??= new AlertError('ALERT_CLOSED', `${this.config.server}: closed`)
    for (const link of [...this.#open]) link.kill(this.#over)
    await Promise.all(this.#closing)
  }

  /** The time-out finds a link that died without a word late; another one that is ready while it is silent finds it sooner. */
  #doubt(link: Link): () => void {
    const silence = DOUBTFUL * this.config.hedge
    const replace = async (): Promise<void> => {
      const found = await this.#searching()
      link.kill(new AlertError('ALERT_TIMEOUT', `${link.address}: no answer within ${silence} ms; ${found.address} connected sooner`))
    }
    const timer = setTimeout(() => void replace().catch(() => {}), silence)
    return () => clearTimeout(timer)
  }

  #searching(): Promise<Link> {
    this.#search ??= this.#find().finally(() => {
      this.#search = undefined
    })
    return this.#search
  }

  async #find(): Promise<Link> {
    const failedAt = (address: string): number => this.#failedAt.get(address) ?? 0
    const addresses = [...new Set([...this.#known, ...this.config.brokers])].sort((a, b) => failedAt(a) - failedAt(b))
    const late = new AlertError('ALERT_CLOSED', 'another broker answered first')
    const onFailed = (address: string): void => this.noteFailed(address)
    this.#main = await firstReady({ addresses, hedge: this.config.hedge, open: address => this.link(address), onFailed, late })
    return this.#main
  }
}

/** What one broker says of the cluster and of these topics; null: all. `rights`: also what this user may do with them. */
export async function askMetadata(link: Link, topics: readonly string[] | null, rights = false): Promise<ClusterMetadata> {
  await link.ready
  if (link.speaks(API.Metadata.key, WITH_TOPIC_IDS)) return link.raw(metadataRequest(topics, rights))
  return fromOldAnswer(await link.call('Metadata', { topics: topics ?? [], allowAutoTopicCreation: false }))
}

const unnamed = (topic: string): TopicMetadata => ({ error: kafkaError(UNKNOWN_TOPIC, topic), leaders: [], epochs: [], internal: false })
