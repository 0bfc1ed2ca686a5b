import { randomUUID } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { AlertError } from '../errors.ts'
import { isErrno } from './errno.ts'
import { type ProcessId, runsHere, thisProcess } from './processes.ts'

interface Owner extends ProcessId {
  /** Of one holding of the lock. */
  readonly id: string
}

/** The lock is there, and does not say whose: its process or the machine died before it was written. */
const UNKNOWN = 'unknown'

/**
 * Says whose a file is, by a file beside it that names the process. It is taken over from a process that is gone, and from one of another
 * machine, of which nobody can tell; whoever lives and was taken over from is told when it holds on.
 */
export class FileLock {
  readonly #path: string
  readonly #what: string
  #id: string | undefined

  /** @param what the file that it is for, as errors call it */
  constructor(path: string, what: string) {
    this.#path = path
    this.#what = what
  }

  /** Of this holding. */
  get id(): string {
    if (this.#id === undefined) throw new Error(`${this.#path} is not held`)
    return this.#id
  }

  /**
   * Takes it, or makes sure that it is still ours. Gives the id of the holding that ended without a release, if it was taken over.
   *
   * @throws AlertError ALERT_SHARED when it is another's
   */
  async hold(): Promise<string | undefined> {
    const owner = await this.#owner()
    if (this.#id !== undefined && owner !== undefined) {
      if (owner === UNKNOWN || owner.id !== this.#id) throw this.#taken('was taken over', owner)
      return undefined
    }
    if (owner !== undefined && owner !== UNKNOWN && (await runsHere(owner))) throw this.#taken('is in use', owner)
    this.#id = await this.#take(owner === undefined)
    return owner === undefined || owner === UNKNOWN ? undefined : owner.id
  }

  async release(): Promise<void> {
    const id = this.#id
    this.#id = undefined
    const owner = id === undefined ? undefined : await this.#owner()
    if (owner !== undefined && owner !== UNKNOWN && owner.id === id) await rm(this.#path, { force: true })
  }

  /** @param isFree nobody has it: if two processes see that, one gets it */
  async #take(isFree: boolean): Promise<string> {
    const owner: Owner = { id: randomUUID(), ...(await thisProcess()) }
    const text = `${JSON.stringify(owner)}\n`
    if (isFree) {
      await writeFile(this.#path, text, { flag: 'wx' }).catch(error => {
        throw isErrno(error, 'EEXIST') ? this.#taken('was just taken', UNKNOWN) : error
      })
    } else {
      const own = `${this.#path}.${owner.id}`
      await writeFile(own, text)
      await rename(own, this.#path)
    }
    return owner.id
  }

  async #owner(): Promise<Owner | typeof UNKNOWN | undefined> {
    try {
      const owner: unknown = JSON.parse(await readFile(this.#path, 'utf8'))
      return isOwner(owner) ? owner : UNKNOWN
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined
      if (error instanceof SyntaxError) return UNKNOWN
      throw error
    }
  }

  #taken(how: string, owner: Owner | typeof UNKNOWN): AlertError {
    const isOurs = owner !== UNKNOWN && owner.pid === process.pid && owner.host === hostname()
    const who = owner === UNKNOWN ? 'another process' : isOurs ? 'this process' : `process ${owner.pid} on ${owner.host}`
    const mend = isOurs
      ? 'Use the same Checkpoint again, or wait until the stream that has it has ended: await client.close()'
      : `Give each process a file of its own. If nobody uses this one, delete ${this.#path}`
    return new AlertError('ALERT_SHARED', `${this.#what} ${how} by ${who}. One live subscription each`, { mend, fatal: true })
  }
}

const isOwner = (value: unknown): value is Owner =>
  typeof value === 'object' &&
  value !== null &&
  'id' in value &&
  typeof value.id === 'string' &&
  /^[\w-]+$/.test(value.id) && // it names a file that is removed
  'pid' in value &&
  Number.isSafeInteger(value.pid) &&
  'host' in value &&
  typeof value.host === 'string'
