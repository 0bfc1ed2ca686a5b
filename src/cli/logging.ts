import { consoleLogger, type Logger } from '../index.ts'
import { inFlags } from './exit.ts'

/** The peer's names, quietest first. */
export const LEVELS = ['critical', 'error', 'warning', 'info', 'debug'] as const
export type Level = (typeof LEVELS)[number]

const say: Logger['error'] = (fields, message) => consoleLogger.error(fields, inFlags(message))
const silent = (): void => {}

/** Logs as single lines on stderr: stdout is for data. `critical` says nothing but what ends the command, which is said in any case. */
export function loggerAt(level: Level): Logger {
  const from = (least: Level): Logger['error'] => (LEVELS.indexOf(least) <= LEVELS.indexOf(level) ? say : silent)
  return { error: from('error'), warn: from('warning'), info: from('info'), debug: from('debug') }
}

/** Where the end of the stream is the end of the command, whose last line says it. */
export const unlessEnded = (logger: Logger): Logger => ({
  ...logger,
  error: (fields, message) => {
    if (!('status' in fields && fields.status === 'closed')) logger.error(fields, message)
  },
})
