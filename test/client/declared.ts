import { readFileSync } from 'node:fs'

const source = (path: string): string => readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8')

const namesIn = (text: string, pattern: RegExp): string[] => [...new Set([...text.matchAll(pattern)].map(([, name]) => name!))].sort()

/** The types of `Status`, as the source declares them. */
export const statusTypes = (): string[] => namesIn(source('status.ts'), /readonly type: '(\w+)'/g)

/** The codes of `AlertError`, as the source declares them. */
export const errorCodes = (): string[] => namesIn(source('errors.ts'), /^ {2}\| '(ALERT_\w+)'$/gm)

/** The reasons of a gap, as the source declares them. */
export const gapReasons = (): string[] => namesIn(/type GapReason = (.*)/.exec(source('status.ts'))?.[1] ?? '', /'([\w-]+)'/g)

/** The fields of `ClientMetrics` and `TopicMetrics`, as the source declares them. */
export function metricNames(): string[] {
  const text = source('client/metrics.ts')
  const declared = /export interface ClientMetrics.*^export interface TopicMetrics .*?^}/ms.exec(text)?.[0] ?? ''
  return namesIn(declared, /^ {2}readonly (\w+)\??:/gm)
}

export const channels = (): string[] => namesIn(source('client/diagnostics.ts'), /channel\('([^']+)'\)/g)
