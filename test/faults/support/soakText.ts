import { told } from './ledger.ts'
import type { SoakResult } from './soak.ts'

const megabytes = (bytes: number): string => (bytes / 1_000_000).toFixed(2)
const counted = (counts: Iterable<readonly [string, number]>): string => [...counts].map(([name, count]) => `${count} ${name}`).join(', ')

/** What a soak showed, for figures and for the terminal. */
export function soakAsText({
  read,
  grouped,
  written,
  failures,
  faults,
  growth,
  handles,
  left,
}: SoakResult): [what: string, value: string][] {
  const { heap, rss, samples } = growth
  return [
    ['faults', counted([...faults].sort(([a], [b]) => (a < b ? -1 : 1)))],
    ['reading', told(read)],
    ['reading in a group', told(grouped)],
    ['writing', `${told(written)}, ${failures.length} errors`],
    [
      'memory after the first minute',
      `heap and buffers ${megabytes(heap.perMinute)} MB a minute (at the end ${megabytes(heap.last)} MB; ${samples} samples), ` +
        `resident ${megabytes(rss.perMinute)} MB a minute (${megabytes(rss.last)} MB)`,
    ],
    ['handles', `${counted(Object.entries(handles.atStart))} before, ${counted(Object.entries(handles.atEnd))} after`],
    ['after close', counted(Object.entries(left.after)) || 'none'],
  ]
}
