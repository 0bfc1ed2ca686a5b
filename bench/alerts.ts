import { type AlertType, type SampleAlert, type SampleEvent, sampleAlerts } from '../src/testing/alerts.ts'

/** An alert that has an event: no retraction. */
export type SizedAlert = SampleAlert & { readonly event: SampleEvent }

const TYPES: readonly AlertType[] = ['EARLYWARNING', 'PRELIMINARY', 'INITIAL', 'UPDATE']
const DIFFERENT = 200

/** Alerts of `bytes` bytes as JSON, up to 3 bytes less, all different, the same in each run. Their size is that of the sky map inside. */
export function alertsOf(bytes: number): SizedAlert[] {
  return Array.from({ length: DIFFERENT }, (_, seed) => {
    const bare = sampleAlert(seed, 0)
    const room = bytes - JSON.stringify(bare).length
    if (room < 0) throw new Error(`an alert without a sky map has more than ${bytes} bytes`)
    return sampleAlert(seed, Math.floor(room / 4) * 3)
  })
}

function sampleAlert(seed: number, skymapBytes: number): SizedAlert {
  const [alert] = sampleAlerts([TYPES[seed % TYPES.length]!], { seed, skymapBytes })
  if (!alert?.event) throw new Error('the generator gave an alert without an event')
  return { ...alert, event: alert.event }
}

/** What a reader of the first `count` records gets when it sums their FAR. */
export function farOf(alerts: readonly SizedAlert[], count: number): number {
  let sum = 0
  for (let i = 0; i < count; i++) sum += alerts[i % alerts.length]!.event.far
  return sum
}
