import { expect } from 'vitest'
import { ConfigError } from '../../src/errors.ts'

/** The ConfigError that it throws, or rejects with. */
export async function configError(run: () => unknown): Promise<ConfigError> {
  const thrown: unknown = await (async () => run())().then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(thrown).toBeInstanceOf(ConfigError)
  return thrown as ConfigError
}
