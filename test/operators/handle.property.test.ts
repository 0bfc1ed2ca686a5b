import fc from 'fast-check'
import { Observable, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { handle } from '../../src/operators/handle.ts'
import type { Delivery } from '../../src/record.ts'
import { FakePartition } from '../support/deliveries.ts'

/** What happens next; `work` picks one of the works under way. */
type Step =
  | { readonly type: 'record'; readonly key: string | undefined; readonly kind: 'promise' | 'observable' | 'nothing' | 'throws' }
  | { readonly type: 'resolve' | 'reject'; readonly work: number }
  | { readonly type: 'leave' }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    type: fc.constant('record' as const),
    key: fc.constantFrom(undefined, 'a', 'b'),
    kind: fc.constantFrom('promise', 'promise', 'observable', 'nothing', 'throws'),
  }),
  fc.record({ type: fc.constantFrom('resolve', 'reject'), work: fc.nat(5) }),
  fc.record({ type: fc.constant('leave' as const) }),
)
const scenario = fc.record({
  steps: fc.array(step, { maxLength: 30 }),
  concurrency: fc.integer({ min: 1, max: 3 }),
  end: fc.constantFrom('complete', 'error', 'unsubscribe'),
})

type Payload = Extract<Step, { type: 'record' }>

interface Work {
  readonly key: string | undefined
  readonly offset: number
  readonly resolve: () => void
  readonly reject: () => void
}

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

class Bench {
  readonly partition = new FakePartition()
  readonly feed = new Subject<Payload>()
  readonly started: { readonly key: string | undefined; readonly offset: number }[] = []
  under: Work[] = []

  work(record: Delivery<Payload>): Promise<void> | Observable<void> | undefined {
    const { offset, payload } = record
    const { key, kind } = payload
    this.started.push({ key, offset })
    if (key !== undefined) expect(this.under.map(work => work.key)).not.toContain(key)
    if (kind === 'throws') throw new Error('thrown')
    if (kind === 'nothing') return undefined
    if (kind === 'observable') {
      return new Observable<void>(out => {
        const work = this.#add({ key, offset, resolve: () => out.complete(), reject: () => out.error(new Error('errored')) })
        return () => this.#remove(work)
      })
    }
    return new Promise((resolve, reject) => {
      this.#add({ key, offset, resolve, reject: () => reject(new Error('rejected')) })
    })
  }

  /** Ends the nth work under way. */
  end(how: 'resolve' | 'reject', nth: number): void {
    const work = this.under[nth % Math.max(this.under.length, 1)]
    if (!work) return
    this.#remove(work)
    work[how]()
  }

  #add(work: Work): Work {
    this.under.push(work)
    return work
  }

  #remove(work: Work): void {
    this.under = this.under.filter(other => other !== work)
  }
}

describe('handle, whatever happens', () => {
  it('settles every record once: acked or failed if it was handled, else given back', async () => {
    const property = fc.asyncProperty(scenario, async ({ steps, concurrency, end }) => {
      const bench = new Bench()
      const { partition, feed } = bench
      let completed = false
      const subscription = partition
        .deliver(feed)
        .pipe(handle((record: Delivery<Payload>) => bench.work(record), { concurrency, key: ({ payload }) => payload.key, retry: 0 }))
        .subscribe({
          error: () => {},
          complete: () => {
            completed = true
          },
        })
      for (const each of steps) {
        if (each.type === 'leave') partition.leave()
        else if (each.type === 'record') feed.next(each)
        else bench.end(each.type, each.work)
        await settled()
        expect(bench.under.length).toBeLessThanOrEqual(concurrency)
      }
      if (end === 'complete') feed.complete()
      else if (end === 'error') feed.error(new Error('gone'))
      else subscription.unsubscribe()
      const startedBefore = bench.started.length
      for (let nth = 0; nth < 50 && bench.under.length > 0; nth++) {
        bench.end('resolve', nth)
        await settled()
      }
      await settled()

      expect(partition.states.filter(state => state !== 'acked' && state !== 'released')).toEqual([])
      expect(completed).toBe(end === 'complete')
      if (end !== 'complete') expect(bench.started).toHaveLength(startedBefore)
      const offsets = bench.started.map(({ offset }) => offset)
      expect(new Set(offsets).size).toBe(offsets.length)
      partition.states.forEach((state, offset) => {
        if (state === 'acked') expect(offsets).toContain(offset)
      })
      for (const key of ['a', 'b']) {
        const ofKey = bench.started.filter(work => work.key === key).map(({ offset }) => offset)
        expect(ofKey).toEqual([...ofKey].sort((one, other) => one - other))
      }
    })
    await fc.assert(property, { numRuns: 400 })
  })
})
