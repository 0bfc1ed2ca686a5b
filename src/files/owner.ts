import { readFile } from 'node:fs/promises'
import { isErrno } from './errno.ts'
import type { ProcessId } from './processes.ts'

/** Whose a lock is. */
export interface Owner extends ProcessId {
  /** Of one holding of the lock. */
  readonly id: string
}

/** The file is there, and does not say whose it is. */
export const UNKNOWN = 'unknown'

/** What a lock's file says; undefined when there is none. */
export async function readOwner(path: string): Promise<Owner | typeof UNKNOWN | undefined> {
  try {
    const owner: unknown = JSON.parse(await readFile(path, 'utf8'))
    return isOwner(owner) ? owner : UNKNOWN
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    if (error instanceof SyntaxError) return UNKNOWN
    throw error
  }
}

const isOwner = (value: unknown): value is Owner =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  typeof value.id === 'string' &&
  /^[\w-]+$/.test(value.id) && // files are named after it
  'pid' in value &&
  Number.isSafeInteger(value.pid) &&
  'host' in value &&
  typeof value.host === 'string'
