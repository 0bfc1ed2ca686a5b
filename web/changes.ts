import { farInWords } from '../src/words.ts'
import type { Alert, Facts, Share } from './alert.ts'
import { bytesInWords, percent, utc } from './text.ts'

/** What is known after an alert: what it says, and of what it does not say what was known before. */
export function merged(before: Facts | undefined, { facts }: Alert): Facts {
  if (!before) return facts
  const or = <T>(list: readonly T[], old: readonly T[]): readonly T[] => (list.length > 0 ? list : old)
  return {
    far: facts.far ?? before.far,
    significant: facts.significant ?? before.significant,
    instruments: or(facts.instruments, before.instruments),
    classification: or(facts.classification, before.classification),
    properties: or(facts.properties, before.properties),
    pipeline: facts.pipeline ?? before.pipeline,
    eventTime: facts.eventTime ?? before.eventTime,
    labels: or(facts.labels, before.labels),
    coincidence: facts.coincidence ?? before.coincidence,
    skyMap: facts.skyMap ?? before.skyMap,
    url: facts.url ?? before.url,
  }
}

/** What an alert changed of what was known, in words. */
export function changesOf(before: Facts | undefined, alert: Alert): readonly string[] {
  const note = alert.note === undefined ? [] : [alert.note]
  if (alert.type === 'RETRACTION') return ['withdrawn: not an astrophysical event', ...note]
  if (!before) return ['the first that is known here', ...note]
  const after = merged(before, alert)
  const news = [
    ...turned('false alarms', inWords(before.far), inWords(after.far)),
    ...sharesTurned(before.classification, after.classification),
    ...sharesTurned(before.properties, after.properties),
    ...turned('instruments', before.instruments.join(' '), after.instruments.join(' ')),
    ...turned('pipeline', before.pipeline, after.pipeline),
    ...turned('significant', yes(before.significant), yes(after.significant)),
    ...turned('event time', timeText(before.eventTime), timeText(after.eventTime)),
    ...turned('labels', before.labels.join(' '), after.labels.join(' ')),
    ...turned('coincidence', before.coincidence, after.coincidence),
    ...turned('sky map', sizeText(before.skyMap), sizeText(after.skyMap)),
    ...note,
  ]
  return news.length > 0 ? news : ['nothing of what is shown here']
}

const inWords = (far: number | undefined): string | undefined => (far === undefined ? undefined : farInWords(far))
const yes = (value: boolean | undefined): string | undefined => (value === undefined ? undefined : value ? 'yes' : 'no')
const timeText = (time: number | undefined): string | undefined => (time === undefined ? undefined : utc(time))
const sizeText = (bytes: number | undefined): string | undefined => (bytes === undefined ? undefined : bytesInWords(bytes))

function turned(what: string, before: string | undefined, after: string | undefined): readonly string[] {
  if (!after || before === after) return []
  return [before ? `${what}: ${before} → ${after}` : `${what}: ${after}`]
}

const sharesTurned = (before: readonly Share[], after: readonly Share[]): readonly string[] =>
  after.flatMap(([name, share]) => {
    const old = before.find(([other]) => other === name)?.[1]
    return turned(name, old === undefined ? undefined : percent(old), percent(share))
  })
