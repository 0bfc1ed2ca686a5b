import { TYPES } from './alert.ts'
import { isRetracted, latestOf, type Superevent } from './model.ts'

/** Choices of how rare false alarms are to be. */
export const RARITIES: readonly { readonly name: string; readonly label: string; readonly far: number }[] = [
  { name: 'day', label: 'per day', far: 1 / 86_400 },
  { name: 'month', label: 'per month', far: 12 / (365.25 * 86_400) },
  { name: 'year', label: 'per year', far: 1 / (365.25 * 86_400) },
  { name: 'decade', label: 'per 10 years', far: 0.1 / (365.25 * 86_400) },
  { name: 'century', label: 'per 100 years', far: 0.01 / (365.25 * 86_400) },
]

/** GraceDB has types of its own. */
export const CHOICES: readonly string[] = [...TYPES, 'other']

/** What is shown. */
export interface Filters {
  /** Latest types; all: no choice. */
  readonly types: readonly string[]
  /** A name of RARITIES; '': any. */
  readonly far: string
  readonly text: string
  readonly retracted: boolean
  readonly tests: boolean
}

export const ALL: Filters = { types: CHOICES, far: '', text: '', retracted: true, tests: true }

/** What the address says, after the #: the filters, which superevent is open, and what is read of the bridge. */
export interface Place {
  readonly filters: Filters
  /** Names of topics, comma-separated; '': all that may be read. */
  readonly topics: string
  /** Where to begin. */
  readonly from: 'earliest' | 'latest'
  readonly open: string | undefined
}

export function parsePlace(hash: string): Place {
  const query = new URLSearchParams(hash.replace(/^#/, ''))
  const types = query.get('type')?.split(',')
  const far = query.get('far') ?? ''
  return {
    filters: {
      types: types ? CHOICES.filter(type => types.includes(type)) : CHOICES,
      far: RARITIES.some(({ name }) => name === far) ? far : '',
      text: query.get('text') ?? '',
      retracted: query.get('retracted') !== 'no',
      tests: query.get('tests') !== 'no',
    },
    topics: query.get('topics') ?? '',
    from: query.get('from') === 'latest' ? 'latest' : 'earliest',
    open: query.get('id') || undefined,
  }
}

export function placeHash({ filters, topics, from, open }: Place): string {
  const { types, far, text, retracted, tests } = filters
  const query = new URLSearchParams()
  if (topics) query.set('topics', topics)
  if (from === 'latest') query.set('from', from)
  if (types.length < CHOICES.length) query.set('type', types.join())
  if (far) query.set('far', far)
  if (text) query.set('text', text)
  if (!retracted) query.set('retracted', 'no')
  if (!tests) query.set('tests', 'no')
  if (open !== undefined) query.set('id', open)
  return `#${query}`
}

export function isShown(superevent: Superevent, { types, far, text, retracted, tests }: Filters): boolean {
  const { type } = latestOf(superevent)
  const rarity = RARITIES.find(({ name }) => name === far)
  return (
    types.includes(CHOICES.includes(type) ? type : 'other') &&
    (!rarity || (superevent.facts.far ?? Number.POSITIVE_INFINITY) <= rarity.far) &&
    (retracted || !isRetracted(superevent)) &&
    (tests || superevent.mark === undefined) &&
    holds(superevent, text)
  )
}

/** Every word somewhere in what the list shows. */
function holds(superevent: Superevent, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return true
  const { id, facts, mark = '' } = superevent
  const { instruments, pipeline = '', labels, classification } = facts
  const likeliest = [...classification].sort(([, a], [, b]) => b - a)[0]?.[0] ?? ''
  const said = [id, latestOf(superevent).type, mark, ...instruments, pipeline, ...labels, likeliest].join(' ').toLowerCase()
  return words.every(word => said.includes(word))
}
