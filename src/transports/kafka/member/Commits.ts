import { AlertError } from '../../../errors.ts'
import { type Position, partitionKey, type TopicPartition } from '../../../place.ts'
import { kafkaError } from '../../codes.ts'
import type { AnswerOf } from '../apis.ts'
import { byTopic } from '../byTopic.ts'
import type { Coordinator } from './Coordinator.ts'
import { GroupCode } from './groupCodes.ts'

/** What a member may commit, and as who. */
interface Term {
  readonly epoch: number
  readonly generation: number
  readonly memberId: string
  readonly owned: ReadonlySet<string>
  readonly over: AbortController
}

const STALE: ReadonlySet<number> = new Set([GroupCode.illegalGeneration, GroupCode.unknownMember, GroupCode.rebalanceInProgress])

/**
 * Commits of one member, one after the other: else an old one that is asked again would overtake a newer one. Each is of one assignment and
 * ends with it, here: a coordinator takes whatever names its current generation, also an offset of before.
 */
export class Commits {
  readonly #coordinator: Coordinator
  readonly #group: string
  #term: Term | undefined
  #last: Promise<void> = Promise.resolve()

  constructor(coordinator: Coordinator, group: string) {
    this.#coordinator = coordinator
    this.#group = group
  }

  /** All that was sent until now is answered. */
  get settled(): Promise<void> {
    return this.#last
  }

  begin(term: Pick<Term, 'epoch' | 'generation' | 'memberId'>, owned: readonly TopicPartition[]): void {
    this.#term = { ...term, owned: new Set(owned.map(partitionKey)), over: new AbortController() }
  }

  /** From now on nothing of it is sent. */
  end(): void {
    this.#term?.over.abort()
    this.#term = undefined
  }

  /** Rejects with ALERT_STALE_EPOCH when the epoch is over, or a partition is not of it. */
  send(epoch: number, at: readonly Position[]): Promise<void> {
    const sent = this.#last.then(() => this.#send(epoch, at))
    this.#last = sent.catch(() => {})
    return sent
  }

  async #send(epoch: number, at: readonly Position[]): Promise<void> {
    const term = this.#term
    if (term?.epoch !== epoch || !at.every(position => term.owned.has(partitionKey(position)))) throw this.#stale(epoch)
    if (at.length === 0) return
    const { generation, memberId, over } = term
    const topics = byTopic(at, ({ partition, offset }) => ({ partition, offset: String(offset) }))
    const question = { groupId: this.#group, groupGenerationId: generation, memberId, topics }
    const answer = await this.#coordinator.ask('OffsetCommit', question, { signal: over.signal }).catch((error: unknown) => {
      throw over.signal.aborted ? this.#stale(epoch, error) : error
    })
    const refused = firstRefusal(answer)
    if (!refused) return
    const error = kafkaError(refused.errorCode, `commit of ${refused.key} for group ${this.#group}`)
    throw STALE.has(refused.errorCode) ? this.#stale(epoch, error) : error
  }

  #stale(epoch: number, cause?: unknown): AlertError {
    const kafka = cause instanceof AlertError ? cause.kafka : undefined
    return new AlertError('ALERT_STALE_EPOCH', `Epoch ${epoch} of group ${this.#group} is over: nothing was committed`, { cause, kafka })
  }
}

function firstRefusal({ responses }: AnswerOf<'OffsetCommit'>): { readonly errorCode: number; readonly key: string } | undefined {
  return responses
    .flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, errorCode }) => ({ errorCode, key: partitionKey({ topic, partition }) })),
    )
    .find(({ errorCode }) => errorCode !== 0)
}
