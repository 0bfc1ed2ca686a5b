import type { Doors } from './Doors.ts'
import type { Hub } from './Hub.ts'
import type { Answer } from './request.ts'

export interface MetricsOf {
  readonly hub: Hub
  readonly doors: Doors
  readonly refusals: ReadonlyMap<string, number>
}

type Line = readonly [labels: string, value: number]

const PREFIX = 'igwn_alert_rx_bridge_'

/** The bridge's numbers in Prometheus's text format, version 0.0.4. */
export function prometheusText({ hub, doors, refusals }: MetricsOf): Answer {
  const { ring, counts } = hub
  const body = [
    metric('clients', 'gauge', 'Streams that are open.', [['', hub.sessions.size]]),
    metric('replays', 'gauge', 'Stretches of the past that are being read.', [['', hub.replays]]),
    metric('ring_bytes', 'gauge', 'Bytes that are kept for all clients.', [['', ring.bytes]]),
    metric('ring_entries', 'gauge', 'Events that are kept for all clients.', [['', ring.head - ring.tail]]),
    metric('entries_total', 'counter', 'Events that came into the ring.', [['', counts.entries]]),
    metric('entry_bytes_total', 'counter', 'Bytes of them.', [['', counts.bytes]]),
    metric('opened_total', 'counter', 'Streams that were opened.', [['', counts.opened]]),
    metric('replays_total', 'counter', 'Stretches of the past that were read.', [['', counts.replays]]),
    metric('busy_total', 'counter', 'Clients that were told of a gap, for too much of the past was being read.', [['', counts.busy]]),
    metric(
      'slow_total',
      'counter',
      'Clients that the ring went on without: told to come again, or dropped, for they took nothing any more.',
      [['', counts.slow]],
    ),
    metric('full_total', 'counter', 'Clients for whom there was no place.', [['', doors.refused]]),
    metric(
      'refusals_total',
      'counter',
      'Requests that were refused, by code.',
      [...refusals].map(([code, value]) => [`{code="${code}"}`, value]),
    ),
  ].join('')
  return { status: 200, headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' }, body }
}

const metric = (name: string, type: 'gauge' | 'counter', help: string, lines: readonly Line[]): string =>
  `# HELP ${PREFIX}${name} ${help}\n# TYPE ${PREFIX}${name} ${type}\n${lines.map(([labels, value]) => `${PREFIX}${name}${labels} ${value}\n`).join('')}`
