import { type SampleAlert, type SampleOptions, sampleAlerts } from './alerts.ts'

/** One message of a made-up night. */
export interface NightMessage {
  /** Which group of topics it is published to. */
  readonly stream: 'production' | 'playground'
  /** What it shows. */
  readonly what: 'alert' | 'insignificant' | 'mock' | 'test' | 'broken'
  /** An alert, or the first half of one as bytes. */
  readonly payload: SampleAlert | Uint8Array
}

const MINUTE = 60_000

/**
 * A night's messages, in the order in which they are published: a superevent from its early warning to its update, one that is retracted, one
 * that is not significant, a mock event on the playground, a test message, and one that is broken. Ten messages; the same for the same seed.
 */
export function sampleNight({
  seed = 1,
  time = new Date(Date.UTC(2025, 7, 18, 2, 3, 4)),
}: Pick<SampleOptions, 'seed' | 'time'> = {}): NightMessage[] {
  const later = (minutes: number): Date => new Date(time.getTime() + minutes * MINUTE)
  const message =
    (what: NightMessage['what'], stream: NightMessage['stream'] = 'production') =>
    (payload: SampleAlert): NightMessage => ({ stream, what, payload })
  const [early, preliminary, initial, update] = sampleAlerts(['EARLYWARNING', 'PRELIMINARY', 'INITIAL', 'UPDATE'], { seed, time }).map(
    message('alert'),
  )
  const [noise, retraction] = sampleAlerts(['PRELIMINARY', 'RETRACTION'], { seed: seed + 1, time: later(47) }).map(message('alert'))
  const [mock] = sampleAlerts(['INITIAL'], { seed: seed + 2, time: later(5), kind: 'MS' }).map(message('mock', 'playground'))
  const [test] = sampleAlerts(['PRELIMINARY'], { seed: seed + 3, time: later(9), kind: 'TS' }).map(message('test'))
  const [faint] = sampleAlerts(['PRELIMINARY'], { seed: seed + 5, time: later(15), far: 2e-6 }).map(message('insignificant'))
  const whole = JSON.stringify(sampleAlerts(['PRELIMINARY'], { seed: seed + 4, time: later(12) })[0])
  const broken: NightMessage = { stream: 'production', what: 'broken', payload: new TextEncoder().encode(whole.slice(0, whole.length / 2)) }
  return [early!, preliminary!, test!, broken, faint!, initial!, mock!, noise!, retraction!, update!]
}
