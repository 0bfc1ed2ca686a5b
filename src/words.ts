const UNITS = [
  ['year', 365.25 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const
/** Rarer than that is not told apart, years. */
const RAREST = 1e9

/**
 * A false-alarm rate in words: how often noise alone looks like this. Two digits count.
 *
 * @param far false alarms per second, Hz
 * @returns `1 per 1.3 years`, `1 per day`; undefined for what is no rate
 */
export function farInWords(far: number): string | undefined {
  const seconds = 1 / far
  if (!(seconds > 0) || !Number.isFinite(seconds)) return undefined
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ['second', 1]
  const n = Number((seconds / size).toPrecision(2))
  if (unit === 'year' && n >= RAREST) return `less than 1 per ${spaced(RAREST)} years`
  return n === 1 ? `1 per ${unit}` : `1 per ${spaced(n)} ${unit}s`
}

/** Thousands apart: 1 234 567. */
export const spaced = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ' ')

/** The days that a Date can hold, ms from 1970. */
const LAST_DATE = 8.64e15

/** A time as ISO 8601 writes it. Whoever publishes a record sets its timestamp, to whatever number: some are no date. @param time ms since 1970 */
export const timeText = (time: number): string => (Math.abs(time) <= LAST_DATE ? new Date(time).toISOString() : `no date (${time} ms)`)

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g

/** What others write may hold control characters, which a terminal would obey; tabs and ends of lines stay. */
export const harmless = (text: string): string => text.replace(CONTROL, '\ufffd')

/** The same in one line: what is within a log is not to look like a line of it. */
export const oneLine = (text: string): string => harmless(text.trim().replace(/\s*[\r\n]\s*/g, ' '))
