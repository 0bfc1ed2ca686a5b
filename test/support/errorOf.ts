import { AlertError } from '../../src/errors.ts'

/** What a call throws, an AlertError and nothing else. */
export function errorOf(run: () => unknown): AlertError {
  try {
    run()
  } catch (error) {
    if (error instanceof AlertError) return error
    throw error
  }
  throw new Error('it did not throw')
}
