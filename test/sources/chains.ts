import type { OperatorFunction } from 'rxjs'
import { handle } from '../../src/operators/handle.ts'
import type { Delivery } from '../../src/record.ts'
import { Checkpoint } from '../../src/sources/Checkpoint.ts'
import { Rig, type StreamSetup, textOf } from './rig.ts'

export type Operator = OperatorFunction<Delivery, Delivery>

/** One topic, and how far it is handled. */
export function bed(values: readonly (number | string)[], setup: StreamSetup = {}) {
  const rig = Rig.holding(values)
  const from = new Checkpoint('earliest')
  const stream = rig.stream({ ...setup, from })
  const handled = (): number | undefined => from.cursor?.offset('t', 0)
  return { rig, stream, handled }
}

/** Moves time until the work is done. */
export async function during<T>(rig: Rig, work: Promise<T>): Promise<T> {
  let over = false
  const end = (): void => {
    over = true
  }
  work.then(end, end)
  for (let i = 0; !over; i++) {
    if (i > 1_000) throw new Error('it does not end')
    await rig.clock.advance(10)
  }
  return work
}

/** `handle`, whose work on each record takes so long; `done`: what it was done on. */
export const work = (rig: Rig, ms = 0, done: string[] = []): Operator =>
  handle(async record => {
    if (ms > 0) await new Promise<void>(end => rig.clock.after(ms, end))
    done.push(textOf(record))
    return record
  })
