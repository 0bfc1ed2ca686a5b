import { AlertError } from '../../../errors.ts'
import { type ProduceAnswer, produce } from '../produce.ts'
import type { Batch } from './Batch.ts'
import type { WriteLink, WriteLinks } from './links.ts'

/** Bytes of one request; a batch that is larger goes alone. */
const LARGEST_REQUEST = 8 * 1024 * 1024
/** Beyond its own waiting for the replicas, the broker has this long to answer, ms. */
const ANSWER_MARGIN = 5000

interface Part {
  readonly batch: Batch
  readonly resolve: (answer: ProduceAnswer) => void
  readonly reject: (error: unknown) => void
}

/** A broker that leads partitions we write to, over a link of its own: one slow partition must not hold up reading or metadata. */
export class Leader {
  readonly #link: WriteLink
  readonly #wait: number
  #gathering: Part[] = []

  constructor(link: WriteLink, wait: number) {
    this.#link = link
    this.#wait = wait
  }

  get ready(): Promise<void> {
    return this.#link.ready
  }

  get dead(): AlertError | undefined {
    return this.#link.dead
  }

  kill(error: AlertError): void {
    this.#link.kill(error)
  }

  /** Sends a stamped batch, together with those of other partitions that are given in the same turn of the event loop. */
  send(batch: Batch): Promise<ProduceAnswer> {
    batch.underWay = true
    return new Promise((resolve, reject) => {
      this.#gathering.push({ batch, resolve, reject })
      if (this.#gathering.length === 1) setImmediate(() => this.#flush())
    })
  }

  #flush(): void {
    const parts = this.#gathering
    this.#gathering = []
    let request: Part[] = []
    let bytes = 0
    for (const part of parts) {
      if (request.length > 0 && bytes + part.batch.bytes.length > LARGEST_REQUEST) {
        void this.#request(request)
        request = []
        bytes = 0
      }
      request.push(part)
      bytes += part.batch.bytes.length
    }
    void this.#request(request)
  }

  async #request(parts: readonly Part[]): Promise<void> {
    try {
      const batches = parts.map(part => part.batch)
      if (this.dead) {
        for (const batch of batches) batch.underWay = false // it never left
        throw this.dead
      }
      const answers = await this.#link.raw(produce(batches, this.#wait), this.#wait + ANSWER_MARGIN)
      parts.forEach((part, i) => {
        part.resolve(answers[i]!)
      })
    } catch (error) {
      const why = this.dead ? lost(this.dead) : error
      for (const part of parts) part.reject(why)
    }
  }
}

/** An open connection that broke, whatever broke it, may be better when it is opened anew; a session that is no longer granted is a refused login. */
function lost(dead: AlertError): AlertError {
  if (dead.code === 'ALERT_CREDENTIALS') return dead
  return new AlertError('ALERT_CONNECTION', dead.message, { cause: dead, kafka: dead.kafka, hint: dead.hint })
}

/** The leaders by address. A broken one is opened anew when it is needed again. */
export class Leaders {
  readonly #links: WriteLinks
  readonly #wait: number
  readonly #leaders = new Map<string, Leader>()
  #closed: AlertError | undefined

  /** @param wait how long a broker may wait for its replicas, ms */
  constructor(links: WriteLinks, wait: number) {
    this.#links = links
    this.#wait = wait
  }

  /** Connected. Rejects when that fails, for all who wait for this address. */
  async at(address: string): Promise<Leader> {
    if (this.#closed) throw this.#closed
    let leader = this.#leaders.get(address)
    if (!leader || leader.dead) {
      leader = new Leader(this.#links.link(address), this.#wait)
      this.#leaders.set(address, leader)
    }
    try {
      await leader.ready
    } catch (error) {
      this.#links.noteFailed(address)
      throw error
    }
    return leader
  }

  /** Kills the links; no new one is opened. */
  close(error: AlertError): void {
    this.#closed = error
    for (const leader of this.#leaders.values()) leader.kill(error)
    this.#leaders.clear()
  }
}
