import { timeText } from '../src/words.ts'

/** What comes from elsewhere is shown to this length, UTF-16 units. */
const LONGEST = 160

/** A text of an alert, cut to what is shown; undefined for anything else and for none. */
export function textOf(value: unknown, longest: number = LONGEST): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? cut(value, longest) : undefined
}

export const cut = (text: string, longest: number = LONGEST): string => (text.length > longest ? `${text.slice(0, longest)}…` : text)

const UNITS = [
  ['y', 365.25 * 86_400],
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
] as const

/** A duration in one unit: 4 s, 12 min, 3 d. @param ms of any sign; whole units that have passed */
export function durationInWords(ms: number): string {
  const seconds = Math.abs(ms) / 1000
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ['s', 1]
  return `${Math.floor(seconds / size)} ${unit}`
}

/** How long ago that was: `12 min ago`, `now`, `in 3 h`. */
export function ageInWords(time: number, now: number): string {
  const age = now - time
  if (Math.abs(age) < 1000) return 'now'
  return age > 0 ? `${durationInWords(age)} ago` : `in ${durationInWords(age)}`
}

/** 2025-08-18 02:03:04 UTC */
export const utc = (time: number): string => timeText(time).replace(/T([\d:]+).*$/, ' $1 UTC')

/** 192 bytes, 14 kB, 1.3 MB */
export function bytesInWords(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`
  const [unit, size] = bytes < 1_000_000 ? ['kB', 1_000] : ['MB', 1_000_000]
  return `${Number((bytes / size).toPrecision(2))} ${unit}`
}

/** 93 %, <1 % */
export function percent(probability: number): string {
  if (probability > 0 && probability < 0.005) return '<1 %'
  if (probability < 1 && probability > 0.995) return '>99 %'
  return `${Math.round(probability * 100)} %`
}
