import { plural } from './finding.ts'

const UNITS = [
  { name: 'day', ms: 86_400_000 },
  { name: 'hour', ms: 3_600_000 },
  { name: 'minute', ms: 60_000 },
] as const

/** A duration in its largest unit: 3 hours. */
export function duration(ms: number): string {
  const unit = UNITS.find(each => Math.abs(ms) >= each.ms) ?? { name: 'second', ms: 1000 }
  return plural(Math.round(Math.abs(ms) / unit.ms), unit.name)
}

/** Of many names some: a line has to be read. */
export function some(names: readonly string[], most = 10): string {
  const shown = names.slice(0, most).join(', ')
  return names.length > most ? `${shown} and ${names.length - most} more` : shown
}
