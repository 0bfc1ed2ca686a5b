import type { BridgeRecord } from 'igwn-alert-rx/browser'
import { textOf } from './text.ts'

/** What is known of a superevent. */
export interface Facts {
  /** False alarms per second, Hz. */
  readonly far: number | undefined
  readonly significant: boolean | undefined
  readonly instruments: readonly string[]
  /** Probabilities by kind of source, as they are shown. */
  readonly classification: readonly Share[]
  /** Probabilities of what the source has or leaves: HasNS, HasRemnant. */
  readonly properties: readonly Share[]
  /** Group, pipeline and search: CBC gstlal AllSky. */
  readonly pipeline: string | undefined
  /** When it was seen, ms since 1970. */
  readonly eventTime: number | undefined
  readonly labels: readonly string[]
  /** With what else it coincides. */
  readonly coincidence: string | undefined
  /** Bytes of the sky map. */
  readonly skyMap: number | undefined
  /** Its page at GraceDB; https only. */
  readonly url: string | undefined
}

export type Share = readonly [name: string, probability: number]

/** One alert, of whatever shape it came in. */
export interface Alert {
  /** Of the superevent. */
  readonly id: string
  /** EARLYWARNING to RETRACTION; GraceDB's own: update, label_added. */
  readonly type: string
  /** When it was made, as it says, else when it was published; ms since 1970. */
  readonly time: number
  /** When it was published, ms since 1970. */
  readonly published: number
  readonly mark: 'test' | 'mock' | undefined
  readonly facts: Facts
  /** What GraceDB says beside it. */
  readonly note: string | undefined
  /** topic[partition]@offset */
  readonly place: string
  /** The same for the same alert from another server. */
  readonly key: string | undefined
}

export const TYPES = ['EARLYWARNING', 'PRELIMINARY', 'INITIAL', 'UPDATE', 'RETRACTION'] as const

type Fields = Readonly<Record<string, unknown>>
type Source = Pick<BridgeRecord, 'payload' | 'links' | 'isTest' | 'timestamp' | 'topicId' | 'partition' | 'offset'>

/** A longer name is none: it would have to be cut, and then might be another's. */
const LONGEST_ID = 100
/** Of lists: so many are shown. */
const MOST = 12

/** The alert of a record, or undefined if it is none that is known: `[alert]` of SCiMMA, `alert` of GCN, `{ uid, alert_type, object }` of GraceDB. */
export function alertOf(record: Source): Alert | undefined {
  const { payload } = record
  const fields = fieldsOf(Array.isArray(payload) && payload.length === 1 ? payload[0] : payload)
  const type = textOf(fields?.['alert_type'], 32)
  if (!fields || !type) return undefined
  return publicAlert(fields, type, record) ?? graceDbAlert(fields, type, record)
}

function publicAlert(fields: Fields, type: string, record: Source): Alert | undefined {
  const id = nameOf(fields['superevent_id'])
  if (!id) return undefined
  const created = timeOf(fields['time_created'])
  const event = fieldsOf(fields['event']) ?? {}
  const far = event['far']
  return {
    ...placed(id, type, record),
    time: created ?? record.timestamp,
    key: created === undefined ? undefined : `${type} ${created}`,
    note: undefined,
    facts: {
      far: typeof far === 'number' ? far : undefined,
      significant: typeof event['significant'] === 'boolean' ? event['significant'] : undefined,
      instruments: textsOf(event['instruments']),
      classification: inOrder(sharesOf(event['classification'])),
      properties: sharesOf(event['properties']),
      pipeline: pipelineOf(event),
      eventTime: timeOf(event['time']),
      labels: [],
      coincidence: coincidenceOf(fieldsOf(fields['external_coinc'])),
      skyMap: skyMapOf(event['skymap'], record.links),
      url: urlOf(fieldsOf(fields['urls'])?.['gracedb']),
    },
  }
}

/** S190425z, MS..., TS...; of GraceDB's G-events there are too many for a list of superevents. */
const SUPEREVENT = /^(?:[MT]?S|[MT]?GW)\d{6}/

function graceDbAlert({ uid, object, data }: Fields, type: string, record: Source): Alert | undefined {
  const id = nameOf(uid)
  if (!id || !SUPEREVENT.test(id)) return undefined
  const superevent = fieldsOf(object) ?? {}
  const event = fieldsOf(superevent['preferred_event_data']) ?? {}
  const news = fieldsOf(data) ?? {}
  const far = superevent['far'] ?? event['far']
  const category = textOf(superevent['category'])
  const { mark, ...rest } = placed(id, type, record)
  return {
    ...rest,
    mark: mark ?? (category === 'Test' ? 'test' : category === 'MDC' ? 'mock' : undefined),
    // It does not say when it was made: `created` is of the superevent.
    time: record.timestamp,
    key: undefined,
    note: textOf(news['name']) ?? textOf(news['comment']),
    facts: {
      far: typeof far === 'number' ? far : undefined,
      significant: undefined,
      instruments: textsOf(event['instruments']),
      classification: [],
      properties: [],
      pipeline: pipelineOf(event),
      eventTime: gpsTime(superevent['t_0']),
      labels: textsOf(superevent['labels']),
      coincidence: undefined,
      skyMap: undefined,
      url: urlOf(fieldsOf(superevent['links'])?.['self']),
    },
  }
}

const nameOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= LONGEST_ID ? value : undefined

function placed(id: string, type: string, { isTest, timestamp, topicId, partition, offset }: Source) {
  const mark = isTest || id.startsWith('TS') ? 'test' : id.startsWith('MS') ? 'mock' : undefined
  return { id, type, mark, published: timestamp, place: `${topicId}[${partition}]@${offset}` } as const
}

const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined

/** A list, or names with commas between. */
function textsOf(value: unknown): readonly string[] {
  const list = typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : []
  return list.slice(0, MOST).flatMap(one => textOf(one, 32) ?? [])
}

const sharesOf = (value: unknown): readonly Share[] =>
  Object.entries(fieldsOf(value) ?? {})
    .slice(0, MOST)
    .flatMap(([name, share]) => (typeof share === 'number' && share >= 0 && share <= 1 ? [[textOf(name, 32) ?? '?', share] as const] : []))

/** Those that are known in their usual order, then the others. */
const ORDER = ['BNS', 'NSBH', 'BBH', 'MassGap', 'Terrestrial']
const rank = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length)
const inOrder = (shares: readonly Share[]): readonly Share[] => [...shares].sort(([a], [b]) => rank(a) - rank(b))

const pipelineOf = (event: Fields): string | undefined =>
  ['group', 'pipeline', 'search'].flatMap(name => textOf(event[name], 32) ?? []).join(' ') || undefined

/** ISO 8601, or GraceDB's `2025-08-18 02:03:04 UTC`; ms since 1970. */
function timeOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d/.test(value)) return undefined
  const text = value.replace(' UTC', 'Z').replace(' ', 'T')
  const time = Date.parse(/Z$|[+-]\d\d:?\d\d$/.test(text) ? text : `${text}Z`)
  return Number.isNaN(time) ? undefined : time
}

const GPS_EPOCH = Date.UTC(1980, 0, 6)
/** Of GPS before UTC since 2017, s. */
const LEAP_SECONDS = 18
function gpsTime(value: unknown): number | undefined {
  const time = typeof value === 'number' ? GPS_EPOCH + (value - LEAP_SECONDS) * 1000 : Number.NaN
  return Math.abs(time) < 8.64e15 ? time : undefined
}

/** What was lifted out of the payload has a link, of bytes (Avro) or of base64 text (JSON). */
function skyMapOf(inline: unknown, links: Source['links']): number | undefined {
  const link = Object.entries(links).find(([pointer]) => pointer.endsWith('/event/skymap'))?.[1]
  if (link) return link.type === 'text' ? decodedLength(link.bytes) : link.bytes
  if (inline instanceof Uint8Array) return inline.length
  return typeof inline === 'string' && inline !== '' ? decodedLength(inline.length) : undefined
}

/** Of base64. */
const decodedLength = (length: number): number => Math.floor((length * 3) / 4)

function coincidenceOf(coincidence: Fields | undefined): string | undefined {
  if (!coincidence) return undefined
  const { observatory, search, time_difference: seconds } = coincidence
  const apart = typeof seconds === 'number' ? `${seconds} s apart` : undefined
  return [textOf(observatory), textOf(search), apart].filter(Boolean).join(', ') || 'yes'
}

/** A link in an alert may lead anywhere: it is shown with its host, and no other scheme counts. */
function urlOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.length < 500 && URL.canParse(value) && new URL(value).protocol === 'https:' ? value : undefined
}
