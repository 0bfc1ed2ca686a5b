import type { Delivery, Status } from '../index.ts'
import type { NightMessage, SampleAlert } from '../testing.ts'
import { farInWords } from '../words.ts'
import type { Output } from './output.ts'

type Style = Pick<Output, 'style'>

/** Of the columns: characters. */
const WIDTH = { time: 15, id: 10, type: 12, source: 9, detectors: 9, noise: 17 } as const
type Column = keyof typeof WIDTH
const cell = (column: Column, text: string): string => text.padEnd(WIDTH[column])
const row = (...cells: readonly string[]): string => cells.join('  ').trimEnd()

export const heading = (): string =>
  row(
    cell('time', 'created (UTC)'),
    cell('id', 'superevent'),
    cell('type', 'alert'),
    cell('source', 'source'),
    cell('detectors', 'detectors'),
    'false alarms',
  )

/** What a message is about; of a broken one as far as its text goes. */
export function subjectOf({ payload }: NightMessage): { id: string; type: string } {
  if (!(payload instanceof Uint8Array)) return { id: payload.superevent_id, type: payload.alert_type }
  const text = new TextDecoder().decode(payload)
  const field = (name: string): string => new RegExp(`"${name}":"([^"]*)"`).exec(text)?.[1] ?? '?'
  return { id: field('superevent_id'), type: field('alert_type') }
}

/** 18 Aug 02:03:04 */
function timeOf({ time_created }: SampleAlert): string {
  const [, day, month, , time] = new Date(time_created).toUTCString().split(' ')
  return `${day} ${month} ${time}`
}

function likeliest(classification: Readonly<Record<string, number>>): string {
  const [name, probability] = Object.entries(classification).sort(([, a], [, b]) => b - a)[0] ?? ['?', 0]
  return `${name} ${Math.round(probability * 100)} %`
}

export function alertLine({ payload, group }: Delivery<SampleAlert>, { style }: Style): string {
  const { superevent_id: id, alert_type: type, event } = payload
  const facts = event
    ? [
        cell('source', likeliest(event.classification)),
        cell('detectors', event.instruments.join(' ')),
        cell('noise', farInWords(event.far) ?? '?'),
      ]
    : ['withdrawn: not an astrophysical event']
  const colour = event ? 'green' : 'red'
  const mock = id.startsWith('MS') ? style('yellow', `mock, of ${group}`) : ''
  return row(cell('time', timeOf(payload)), style('bold', cell('id', id)), style(colour, cell('type', type)), ...facts, mock)
}

/** Something that is no alert: said beside them. */
const aside = (what: string, cells: readonly string[], { style }: Style): string =>
  style('yellow', row(cell('time', `~ ${what}`), ...cells))

export const droppedLine = ({ id, type }: { id: string; type: string }, why: string, style: Style): string =>
  aside('dropped', [cell('id', id), cell('type', type), why], style)

export const lostLine = ({ error }: Extract<Status, { type: 'reconnecting' }>, style: Style): string =>
  aside('disconnected', [`${error.message}; reconnecting, what is published meanwhile waits`], style)

export const backLine = (seconds: number, style: Style): string =>
  aside('reconnected', [`after ${seconds.toFixed(1)} s; nothing was lost, what waited comes now`], style)

export interface Tally {
  readonly published: number
  readonly shown: number
  readonly dropped: number
}

export const lostOf = ({ published, shown, dropped }: Tally): number => published - shown - dropped

export function closing(tally: Tally, { style }: Style): string {
  const { published, shown, dropped } = tally
  const sum = `${published} messages published: ${shown} alerts shown, ${dropped} dropped as said above, ${lostOf(tally)} lost.`
  return `
${style('bold', sum)}

Next:
  igwn-alert-rx topics              the topics that your account may read (credentials: hop auth add)
  igwn-alert-rx listen superevent   live alerts
  README.md, examples/              the same in your own program, in ten lines`
}
