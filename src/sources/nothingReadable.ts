import { AlertError } from '../errors.ts'
import type { ReadingContext } from './context.ts'
import { nearest, seesTopics } from './nearest.ts'

/** What to say when no topic can be read at the start: what is wrong with each, and which existing ones may be meant. */
export async function nothingReadable(context: ReadingContext, faults: readonly AlertError[]): Promise<AlertError> {
  const { topics, transport, group } = context.options
  const names = topics.names()
  if (names === undefined) {
    return new AlertError('ALERT_TOPIC_UNKNOWN', `${transport.server} shows no topic of group ${group ?? '(none)'}`, {
      mend: `Check the group's name and the rights of this user, or wait for one with missing: 'wait'`,
      fatal: true,
    })
  }
  const all = await transport.describe('all', context.signal).catch(() => new Map<string, unknown>())
  const near = [...new Set(names.flatMap(name => nearest(name, all.keys())))]
  const mend = near.length > 0 ? `Nearest existing topics: ${near.join(', ')}` : `${seesTopics(all.size)}, none with a name near it`
  const text = faults.map(fault => fault.message).join('; ')
  const [first] = faults
  return new AlertError(first?.code ?? 'ALERT_TOPIC_UNKNOWN', text || 'No topic was named', {
    mend: `${mend}. missing: 'wait' waits for it`,
    fatal: true,
    kafka: first?.kafka,
    cause: first,
  })
}
