import type { RowName } from '../../test/faults/rows.ts'
import type { Mutant } from './mutants.ts'

/** One guard of the code taken out, and a case of the fault suite that needs it. */
export interface Guard extends Mutant {
  readonly row: RowName
  /** What the case's name begins with or holds: vitest's `-t`. */
  readonly test: string
}

export const GUARDS: readonly Guard[] = [
  {
    row: 'killedBeforeFirst',
    test: '',
    rule: 'a found start is committed at once',
    file: 'src/sources/writeFirst.ts',
    find: 'const writing = context.writeDown()',
    replace: 'const writing = Promise.resolve()',
  },
  {
    row: 'processKilled',
    test: 'without instanceId',
    rule: 'the handled prefix is committed: here the position',
    file: 'src/sources/Part.ts',
    find: 'partition: this.place.partition, offset: this.prefix, topicId',
    replace: 'partition: this.place.partition, offset: this.position, topicId',
  },
  {
    row: 'twoStreams',
    test: '',
    rule: 'a topic is shared among those alone who subscribe to it',
    file: 'src/transports/assigners.ts',
    find: 'inOrder(members).filter(({ topics }) => topics.includes(topic))',
    replace: 'inOrder(members)',
  },
  {
    row: 'handlers',
    test: 'never acked',
    rule: 'a record that is held too long is said',
    file: 'src/sources/Stalls.ts',
    find: 'sayStalled(this.#context, oldest, held)',
    replace: '',
  },
  {
    row: 'backlog',
    test: '',
    rule: 'what is delivered and not handled is bounded',
    file: 'src/sources/Pump.ts',
    find: 'const full = part.queue.length >= QUEUED || part.done || this.#blocked(part)',
    replace: 'const full = part.done',
  },
  {
    row: 'refusals',
    test: 'a long refusalTimeout',
    rule: 'a refusal is borne after a success',
    file: 'src/sources/Verdict.ts',
    find: 'if (left <= 0) return',
    replace: 'if (left < Infinity) return',
  },
  {
    row: 'closing',
    test: '',
    rule: 'a member leaves its group when it is closed',
    file: 'src/transports/kafka/member/Member.ts',
    find: "if (this.memberId === '' || instanceId !== undefined) return",
    replace: "if (this.memberId !== '' || instanceId !== undefined) return",
  },
  {
    row: 'liveness',
    test: 'sockets that died without a word',
    rule: 'a connection that owes an answer for too long is given up',
    file: 'src/transports/kafka/channel.ts',
    find: 'else this.kill(this.#silent())',
    replace: 'else this.#silent()',
  },
]
