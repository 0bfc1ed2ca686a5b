import { AlertError } from '../errors.ts'
import { circularOf } from './circular.ts'
import { externalOf } from './external.ts'
import { textNoticeOf } from './gcntextnotice.ts'
import { type Fields, getOwn, isFields } from './objects.ts'
import { quoted } from './text.ts'
import { voeventOf } from './voevent.ts'

/** What hop wrote before it had headers: the format's name and the fields of hop's model of it. */
export interface Envelope {
  readonly format: string
  readonly content: unknown
}

export function isEnvelope(value: unknown): value is Envelope {
  return isFields(value) && typeof getOwn(value, 'format') === 'string' && Object.hasOwn(value, 'content')
}

const CONTENT: ReadonlySet<string> = new Set(['content'])
const AVRO: ReadonlySet<string> = new Set(['content', 'schema', 'single_record'])

/** By hop's name of the format, in lower case. */
const MODELS: ReadonlyMap<string, (fields: Fields) => unknown> = new Map<string, (fields: Fields) => unknown>([
  ['json', fields => contentOf(fields, CONTENT)],
  ['blob', fields => contentOf(fields, CONTENT)],
  ['avro', fields => contentOf(fields, AVRO)],
  ['voevent', voeventOf],
  ['circular', circularOf],
  ['gcntextnotice', textNoticeOf],
  ['external', externalOf],
])

/**
 * What is in an envelope: under the name `blob`, which was that of JSON then, and under a name that is unknown, the content itself; under
 * any other, what hop's model of the format makes of its fields. A foreign object that has `format` and `content` is taken for one as well.
 *
 * @throws AlertError ALERT_DECODE
 */
export function openEnvelope({ format, content }: Envelope): unknown {
  const model = format === 'blob' ? undefined : MODELS.get(format.toLowerCase())
  if (!model) return content
  if (isFields(content)) return model(content)
  throw new AlertError('ALERT_DECODE', `an envelope of format '${format}' whose content has no fields`)
}

function contentOf(fields: Fields, known: ReadonlySet<string>): unknown {
  const unknown = Object.keys(fields).find(name => !known.has(name))
  if (unknown === undefined && Object.hasOwn(fields, 'content')) return fields['content']
  const what = unknown === undefined ? 'has no content' : `has ${quoted(unknown)} beside it`
  throw new AlertError('ALERT_DECODE', `an envelope of hop's whose content is no content of its format: it ${what}`)
}
