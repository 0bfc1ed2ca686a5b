import { setTimeout as wait } from 'node:timers/promises'
import type { KafkaBed } from '../../bed/kafka.ts'
import type { KafkaProxy } from '../../bed/proxy.ts'

export interface FaultContext {
  readonly bed: KafkaBed
  readonly proxy: KafkaProxy
  /** A number between two, whole. */
  readonly between: (from: number, to: number) => number
}

interface RandomFault {
  readonly name: string
  /** How often it comes, against the others. */
  readonly weight: number
  /** From its beginning to its end; returns what it was in detail. */
  readonly run: (context: FaultContext) => Promise<string>
}

const FAULTS: readonly RandomFault[] = [
  {
    name: 'cut',
    weight: 4,
    run: async ({ proxy }) => {
      proxy.cut()
      return ''
    },
  },
  {
    name: 'reset',
    weight: 2,
    run: async ({ proxy }) => {
      proxy.reset()
      return ''
    },
  },
  {
    name: 'black hole',
    weight: 2,
    run: async ({ proxy, between }) => {
      const ms = between(500, 8000)
      proxy.blackhole(true)
      await wait(ms)
      proxy.blackhole(false)
      return `for ${ms} ms`
    },
  },
  {
    name: 'delay',
    weight: 2,
    run: async ({ proxy, between }) => {
      const [delay, ms] = [between(20, 500), between(1000, 6000)]
      proxy.delay(delay)
      await wait(ms)
      proxy.delay(0)
      return `of ${delay} ms for ${ms} ms`
    },
  },
  {
    name: 'dead sockets',
    weight: 1,
    run: async ({ proxy }) => {
      proxy.strand()
      return ''
    },
  },
  {
    name: 'refused',
    weight: 1,
    run: async ({ proxy, between }) => {
      const ms = between(500, 5000)
      await proxy.refuse(true)
      proxy.cut()
      await wait(ms)
      await proxy.refuse(false)
      return `for ${ms} ms`
    },
  },
  {
    name: 'broker killed',
    weight: 1,
    run: async ({ bed, between }) => {
      const ms = between(0, 3000)
      await bed.kill(0)
      await wait(ms)
      await bed.start(0)
      return `for ${ms} ms`
    },
  },
  {
    name: 'broker restarted',
    weight: 1,
    run: async ({ bed }) => {
      await bed.stop(0)
      await bed.start(0)
      return ''
    },
  },
]

const BAG = FAULTS.flatMap(fault => Array.from({ length: fault.weight }, () => fault))

/** Does one of the faults, at random by their weights; returns its name, and what it was in detail. */
export async function randomFault(context: FaultContext): Promise<{ readonly name: string; readonly detail: string }> {
  const { name, run } = BAG[context.between(0, BAG.length - 1)]!
  return { name, detail: await run(context) }
}
