import { pause } from '../../src/clock.ts'
import { AlertError } from '../../src/errors.ts'
import type { Position } from '../../src/place.ts'
import type { MemoryLog } from '../../src/transports/memory/MemoryLog.ts'
import { MemoryTransport, type MemoryTransportOptions } from '../../src/transports/memory/MemoryTransport.ts'
import type { ReadEvent, Reader, ReadOptions } from '../../src/transports/transport.ts'
import type { Committed } from './property.book.ts'

export interface ReaderWatch {
  event(event: ReadEvent): void
  released(epoch: number): void
  /** It is asked to commit before it has joined: its epochs are none of those that its predecessor gave. */
  committedEarly(epoch: number): void
}

/** A transport whose readers are watched, and whose commits may be slow. */
export class WatchedTransport extends MemoryTransport {
  /** ms by which commits come later to the reader. */
  commitDelay = 0
  readonly #watch: ReaderWatch

  constructor(options: MemoryTransportOptions, watch: ReaderWatch) {
    super(options)
    this.#watch = watch
  }

  override read(options: ReadOptions, on: (event: ReadEvent) => void): Reader {
    let hasJoined = false
    let isOver = false
    const reader = super.read(options, event => {
      hasJoined ||= event.type === 'assigned'
      isOver ||= event.type === 'ended'
      this.#watch.event(event)
      on(event)
    })
    let underWay = 0
    let sent = Promise.resolve()
    const late = (commit: () => Promise<void>): Promise<void> => {
      underWay++
      sent = sent.then(() => pause(this.log.clock, this.commitDelay))
      return sent.then(() => {
        underWay--
        return commit()
      })
    }
    return {
      start: (epoch, at) => reader.start(epoch, at),
      stop: partitions => reader.stop(partitions),
      pause: partitions => reader.pause(partitions),
      resume: partitions => reader.resume(partitions),
      subscribe: topics => reader.subscribe(topics),
      close: deadline => reader.close(deadline),
      commit: (epoch, at) => {
        if (!hasJoined) this.#watch.committedEarly(epoch)
        // None overtakes one that is slow.
        return this.commitDelay + underWay === 0 ? reader.commit(epoch, at) : late(() => reader.commit(epoch, at))
      },
      release: epoch => {
        if (!isOver) this.#watch.released(epoch)
        reader.release(epoch)
      },
    }
  }
}

interface Letter {
  readonly memberId: string
  readonly generation: number
  readonly positions: readonly Position[]
}

export interface CommitWatch {
  /** The coordinator took a commit. */
  committed(memberId: string, positions: readonly Committed[]): void
  /** One sticks; it is sent again. */
  stuck(): void
  /** It took one whose generation was over. */
  tookStale(letter: Letter): void
}

/** What comes to the coordinator of a group; a commit may stick in the network and come when its generation is over. */
export class CommitPath {
  /** So many of the next commits stick. */
  toStick = 0
  readonly #log: MemoryLog
  readonly #group: string
  readonly #watch: CommitWatch
  readonly #commit: (memberId: string, generation: number, positions: readonly Position[], instanceId?: string) => void
  #stuck: Letter[] = []

  constructor(log: MemoryLog, id: string, watch: CommitWatch) {
    const group = log.group(id)
    this.#log = log
    this.#group = id
    this.#watch = watch
    this.#commit = group.commit.bind(group)
    group.commit = (memberId, generation, positions, instanceId) => {
      if (this.toStick > 0) {
        this.toStick--
        this.#stuck.push({ memberId, generation, positions })
        watch.stuck()
        throw new AlertError('ALERT_CONNECTION', 'the connection broke before the answer')
      }
      this.#take(memberId, generation, positions, instanceId)
    }
  }

  /** Those arrive whose generation is over: before it nothing would tell them from new ones, and a connection keeps its order. */
  arrive(): void {
    const now = this.#log.group(this.#group)
    const isOver = ({ memberId, generation }: Letter): boolean =>
      generation !== now.generation || !now.members.some(member => member.memberId === memberId)
    const late = this.#stuck.filter(isOver)
    this.#stuck = this.#stuck.filter(letter => !isOver(letter))
    for (const letter of late) {
      try {
        this.#take(letter.memberId, letter.generation, letter.positions)
        this.#watch.tookStale(letter)
      } catch (error) {
        if (!(error instanceof AlertError)) throw error
      }
    }
  }

  #take(memberId: string, generation: number, positions: readonly Position[], instanceId?: string): void {
    const group = this.#log.group(this.#group)
    const known = positions.map(at => ({ ...at, before: group.committedOf(at) }))
    this.#commit(memberId, generation, positions, instanceId)
    this.#watch.committed(memberId, known)
  }
}
