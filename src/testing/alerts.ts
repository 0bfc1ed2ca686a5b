import { toBase64 } from '../base64.ts'
import { ConfigError } from '../errors.ts'
import { seeded } from './random.ts'

/** The kinds of public gravitational-wave alerts, in the order of a superevent's life. */
export type AlertType = 'EARLYWARNING' | 'PRELIMINARY' | 'INITIAL' | 'UPDATE' | 'RETRACTION'

/**
 * A made-up alert in the shape of the public gravitational-wave alerts (LVK's user guide, "Alert Contents"). The values are plausible and
 * mean nothing.
 */
export interface SampleAlert {
  readonly alert_type: AlertType
  /** ISO 8601, UTC. */
  readonly time_created: string
  /** S190425z; MS... is a mock event, TS... a test. */
  readonly superevent_id: string
  readonly urls: Readonly<Record<string, string>>
  /** Null in a retraction. */
  readonly event: SampleEvent | null
  readonly external_coinc: null
}

/** The event in a sample alert. */
export interface SampleEvent {
  /** ISO 8601, UTC. */
  readonly time: string
  /** False alarms per second, Hz. */
  readonly far: number
  /** Whether noise alone looks like it less often than once a month. */
  readonly significant: boolean
  readonly instruments: readonly string[]
  readonly group: 'CBC' | 'Burst'
  readonly pipeline: string
  readonly search: string
  readonly properties: Readonly<Record<string, number>>
  /** Probabilities, together 1. */
  readonly classification: Readonly<Record<string, number>>
  readonly duration: number | null
  readonly central_frequency: number | null
  /** Base64; not a real sky map. */
  readonly skymap: string
}

/** Which alerts `sampleAlerts` makes up. */
export interface SampleOptions {
  /** The same seed gives the same alerts. @default 1 */
  readonly seed?: number | undefined
  /** When the merger was seen. @default 2025-08-18T02:03:04Z */
  readonly time?: Date | undefined
  /** What the superevent's name begins with: a real, a mock or a test event. @default 'S' */
  readonly kind?: 'S' | 'MS' | 'TS' | undefined
  /** False alarms per second, Hz. @default of a significant event, by the seed */
  readonly far?: number | undefined
  /** Bytes of the sky map before base64: sets the size of an alert. @default 192 */
  readonly skymapBytes?: number | undefined
}

const LIFE: readonly AlertType[] = ['EARLYWARNING', 'PRELIMINARY', 'INITIAL', 'UPDATE', 'RETRACTION']
/** Seconds from the merger to each alert: an early warning comes before it. */
const AFTER: Readonly<Record<AlertType, number>> = { EARLYWARNING: -20, PRELIMINARY: 29, INITIAL: 1_860, UPDATE: 86_400, RETRACTION: 4_000 }
const DEFAULT_TIME = Date.UTC(2025, 7, 18, 2, 3, 4)
/** Hz */
const ONCE_A_MONTH = 12 / (365.25 * 86_400)
const PIPELINES = ['gstlal', 'pycbc', 'MBTA', 'spiir']

const letters = (n: number): string => (n < 26 ? '' : letters(Math.floor(n / 26) - 1)) + String.fromCharCode(97 + (n % 26))

function supereventId(kind: string, time: Date, random: () => number): string {
  return `${kind}${time.toISOString().slice(2, 10).replaceAll('-', '')}${letters(26 + Math.floor(random() * 600))}`
}

/** The alerts of one superevent, in the given order. @throws ConfigError for an unknown alert type */
export function sampleAlerts(types: readonly AlertType[], options: SampleOptions = {}): SampleAlert[] {
  const wrong = types.find(type => !LIFE.includes(type))
  if (wrong !== undefined) throw new ConfigError(`No alert type '${wrong}'`, { mend: `Known are ${LIFE.join(', ')}` })
  const random = seeded(options.seed ?? 1)
  const time = options.time ?? new Date(DEFAULT_TIME)
  const id = supereventId(options.kind ?? 'S', time, random)
  const event = sampleEvent(time, random, options)
  return types.map(type => ({
    alert_type: type,
    time_created: new Date(time.getTime() + AFTER[type] * 1_000).toISOString().replace(/\.\d+Z$/, 'Z'),
    superevent_id: id,
    urls: { gracedb: `https://gracedb.invalid/superevents/${id}/view/` },
    event: type === 'RETRACTION' ? null : withFar(event, type === 'EARLYWARNING' ? event.far * 10 : event.far),
    external_coinc: null,
  }))
}

/** An early warning has seen less of the signal: noise looks like it more often. */
const withFar = (event: Omit<SampleEvent, 'significant'>, far: number): SampleEvent => ({ ...event, far, significant: far < ONCE_A_MONTH })

function sampleEvent(time: Date, random: () => number, { far, skymapBytes = 192 }: SampleOptions): Omit<SampleEvent, 'significant'> {
  const round = (n: number): number => Math.round(n * 1e6) / 1e6
  const terrestrial = round(random() * 0.1)
  const bns = round((1 - terrestrial) * (0.8 + random() * 0.2))
  const chance = 10 ** (-8 - random() * 4)
  return {
    time: time.toISOString(),
    far: far ?? chance,
    instruments: ['H1', 'L1', ...(random() < 0.6 ? ['V1'] : [])],
    group: 'CBC',
    pipeline: PIPELINES[Math.floor(random() * PIPELINES.length)]!,
    search: 'AllSky',
    properties: { HasNS: round(0.9 + random() * 0.1), HasRemnant: round(random()), HasMassGap: round(random() * 0.1), HasSSM: 0 },
    classification: { BNS: bns, NSBH: round(1 - terrestrial - bns), BBH: 0, Terrestrial: terrestrial },
    duration: null,
    central_frequency: null,
    skymap: toBase64(Uint8Array.from({ length: skymapBytes }, () => Math.floor(random() * 256))),
  }
}
