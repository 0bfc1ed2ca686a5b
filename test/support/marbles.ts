import { map, type OperatorFunction } from 'rxjs'
import { type RunHelpers, TestScheduler } from 'rxjs/testing'
import { expect } from 'vitest'
import type { AlertRecord } from '../../src/record.ts'

/** Runs a marble test in virtual time: `marbles(({ cold, expectObservable }) => { ... })`. */
export function marbles(run: (helpers: RunHelpers) => void): void {
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(run)
}

/** Records compare by nothing that is private: look at their payloads. */
export const payloads = <P>(): OperatorFunction<AlertRecord<P>, P> => map(record => record.payload)
