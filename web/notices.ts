import { spaced } from '../src/words.ts'
import type { Connection } from './connection.ts'
import type { Missing } from './model.ts'

const REASONS: Readonly<Record<Missing['reason'], string>> = {
  'offset-lost': 'the log no longer holds them',
  recreated: 'another topic stands under the same name now',
  damaged: 'they cannot be read',
  resubscribed: 'the topic was not read for a while',
  busy: 'too much of the past is being read for others',
  deleted: 'the topic is no longer there',
}
const REFUSALS = { unknown: 'there is no such topic', forbidden: 'it may not be read' } as const

/** What is not shown though it was asked for, and why. */
export function noticesOf(connection: Connection, gaps: readonly Missing[]): readonly string[] {
  const refused = connection.phase === 'live' ? connection.hello.refused : []
  return [
    ...refused.map(({ topic, reason }) => `Refused: ${topic}, for ${REFUSALS[reason] ?? reason}.`),
    ...gaps.map(({ topic, count, reason }) => `Gap: ${messages(count)} of ${topic} did not come, for ${REASONS[reason] ?? reason}.`),
  ]
}

/** Of a topic that is another one now nobody knows how many there were. */
const messages = (count: number): string => (count === 0 ? 'messages' : count === 1 ? '1 message' : `${spaced(count)} messages`)
