import { ConfigError } from '../errors.ts'

/** @throws ConfigError unless `value` is a whole number of at least `least`, or Infinity */
export function checkCount(name: string, value: number, least: number): number {
  if ((Number.isInteger(value) && value >= least) || value === Number.POSITIVE_INFINITY) return value
  throw new ConfigError(`${name} is ${value}, expected a whole number of at least ${least}, or Infinity`)
}

/** @throws ConfigError unless `value` can be a duration in ms, of at least `least` */
export function checkDuration(name: string, value: number, least = 0): number {
  if (value > 0 && value < 1) {
    throw new ConfigError(`${name} is ${value}, expected milliseconds`, { mend: `If seconds were meant, write ${value * 1000}` })
  }
  if (value >= least) return value
  throw new ConfigError(`${name} is ${value}, expected milliseconds: a number of at least ${least}`)
}
