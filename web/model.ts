import type { BridgeRecord, Gap } from 'igwn-alert-rx/browser'
import { type Alert, alertOf, type Facts } from './alert.ts'
import { changesOf, merged } from './changes.ts'
import { cut } from './text.ts'

/** So much is kept, the newest. `twins`: of one alert from other servers. */
export const KEPT = { superevents: 500, alerts: 50, others: 100, gaps: 20, twins: 5 } as const

/** An alert of a superevent's history. */
export interface Chapter extends Omit<Alert, 'facts'> {
  readonly changes: readonly string[]
  /** Where else the same alert came from. */
  readonly alsoAt: readonly string[]
}

export interface Superevent {
  readonly id: string
  /** Newest first. */
  readonly history: readonly Chapter[]
  /** Older alerts that are no longer kept. */
  readonly left: number
  /** What is known after all of them. */
  readonly facts: Facts
  readonly mark: Alert['mark']
}

/** A message that is no alert that is known. */
export interface Other {
  readonly place: string
  readonly published: number
  readonly text: string
}

/** Records of a topic that did not come. */
export interface Missing {
  readonly topic: string
  readonly reason: Gap['reason']
  readonly count: number
}

export interface Model {
  /** By id; those that changed last come last. */
  readonly superevents: ReadonlyMap<string, Superevent>
  /** Newest first. */
  readonly others: readonly Other[]
  readonly gaps: readonly Missing[]
  /** Records that came. */
  readonly received: number
  /** Superevents that are no longer kept. */
  readonly left: number
  /** By topic and partition: the next offset that is not known. A page that is connected anew gets some again. */
  readonly offsets: ReadonlyMap<string, number>
}

export const EMPTY: Model = { superevents: new Map(), others: [], gaps: [], received: 0, left: 0, offsets: new Map() }

/** What happens on a connection. */
export type Happening = { readonly record: BridgeRecord } | { readonly gap: Gap }

export function step(model: Model, happening: Happening): Model {
  return 'gap' in happening ? withGap(model, happening.gap) : withRecord(model, happening.record)
}

/** At the newest. */
export const latestOf = ({ history }: Superevent): Chapter => history[0]!
export const isRetracted = (superevent: Superevent): boolean => latestOf(superevent).type === 'RETRACTION'

function withRecord(model: Model, record: BridgeRecord): Model {
  const { topicId, partition, offset } = record
  const key = `${topicId}[${partition}]`
  if (offset < (model.offsets.get(key) ?? 0)) return model
  const counted = { ...model, received: model.received + 1, offsets: new Map(model.offsets).set(key, offset + 1) }
  const alert = alertOf(record)
  return alert ? withAlert(counted, alert) : { ...counted, others: [otherOf(record), ...model.others].slice(0, KEPT.others) }
}

function withAlert(model: Model, alert: Alert): Model {
  const superevents = new Map(model.superevents)
  const known = superevents.get(alert.id)
  // The last in the map is the one that changed last.
  superevents.delete(alert.id)
  superevents.set(alert.id, known ? toldMore(known, alert) : begun(alert))
  if (superevents.size <= KEPT.superevents) return { ...model, superevents }
  superevents.delete(superevents.keys().next().value!)
  return { ...model, superevents, left: model.left + 1 }
}

const chapter = ({ facts: _facts, ...alert }: Alert, changes: readonly string[]): Chapter => ({ ...alert, changes, alsoAt: [] })

const begun = (alert: Alert): Superevent => ({
  id: alert.id,
  history: [chapter(alert, changesOf(undefined, alert))],
  left: 0,
  facts: alert.facts,
  mark: alert.mark,
})

function toldMore(superevent: Superevent, alert: Alert): Superevent {
  const { history, facts, left, mark } = superevent
  const twin =
    alert.key === undefined ? undefined : history.find(({ key, place }) => key === alert.key && topicOf(place) !== topicOf(alert.place))
  if (twin) {
    const both = { ...twin, alsoAt: [...twin.alsoAt, alert.place].slice(0, KEPT.twins) }
    return { ...superevent, history: history.map(one => (one === twin ? both : one)) }
  }
  // Of another partition, what was published earlier may come later.
  const index = history.findIndex(({ published }) => published <= alert.published)
  const changes = index === 0 ? changesOf(facts, alert) : ['came after newer ones']
  const longer = history.toSpliced(index < 0 ? history.length : index, 0, chapter(alert, changes))
  return {
    ...superevent,
    history: longer.slice(0, KEPT.alerts),
    left: left + Math.max(0, longer.length - KEPT.alerts),
    facts: index === 0 ? merged(facts, alert) : merged(alert.facts, { ...alert, facts }),
    mark: mark ?? alert.mark,
  }
}

const topicOf = (place: string): string => place.slice(0, place.lastIndexOf('['))

function otherOf({ topicId, partition, offset, timestamp, payload, error }: BridgeRecord): Other {
  const text = error ? `${error.message} (${preview(payload)})` : preview(payload)
  return { place: `${topicId}[${partition}]@${offset}`, published: timestamp, text: cut(text, 400) }
}

function preview(payload: unknown): string {
  if (payload instanceof Uint8Array) return `${payload.length} bytes`
  return typeof payload === 'string' ? payload : JSON.stringify(payload)
}

function withGap(model: Model, { topic, partition, from, to, reason }: Gap): Model {
  const known = model.gaps.find(gap => gap.topic === topic && gap.reason === reason)
  const missing = { topic, reason, count: (known?.count ?? 0) + Math.max(0, to - from) }
  const gaps = [missing, ...model.gaps.filter(gap => gap !== known)].slice(0, KEPT.gaps)
  // Of another topic under the same name offsets mean something else.
  const offsets = reason === 'recreated' ? new Map(model.offsets).set(`${topic}[${partition}]`, to) : model.offsets
  return { ...model, gaps, offsets }
}
