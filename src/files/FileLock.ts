import { randomUUID } from 'node:crypto'
import { link, readdir, rename, rm } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { AlertError } from '../errors.ts'
import { isErrno } from './errno.ts'
import { type Owner, readOwner, UNKNOWN } from './owner.ts'
import { runsHere, thisProcess } from './processes.ts'
import { writeFlushed } from './writeFlushed.ts'

type Found = Owner | typeof UNKNOWN

/**
 * Says whose a file is, by a file beside it that names the process. It is taken over from a process that is gone, and from one of another
 * machine, of which nobody can tell; whoever lives and was taken over from is told when it holds on.
 *
 * Of those on one machine that want it at once exactly one gets it. A free lock is whoever's links his file there first. One that is taken over is
 * claimed first, by a link that is named after the holding that it ends: `PATH.after-ID.1`, and if that one dies before it has taken the lock, `.2`.
 * An id never comes back, so who has the claim and still sees that holding is the only one to replace it.
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

  /** A file for this holding alone. Whoever has the lock after a process that died removes it. */
  get scratch(): string {
    if (this.#id === undefined) throw new Error(`${this.#path} is not held`)
    return `${this.#path}.by-${this.#id}`
  }

  /**
   * Takes it, or makes sure that it is still ours.
   *
   * @throws AlertError ALERT_SHARED when it is another's
   */
  async hold(): Promise<void> {
    if (this.#id !== undefined) {
      const owner = await readOwner(this.#path)
      if (owner !== undefined && idOf(owner) !== this.#id) throw this.#taken('was taken over', owner)
      if (owner !== undefined) return
    }
    this.#id = await this.#take()
    await this.#clearUp()
  }

  async release(): Promise<void> {
    const id = this.#id
    this.#id = undefined
    const owner = id === undefined ? undefined : await readOwner(this.#path)
    if (owner !== undefined && idOf(owner) === id) await rm(this.#path, { force: true })
  }

  async #take(): Promise<string> {
    const owner: Owner = { id: randomUUID(), ...(await thisProcess()) }
    const own = `${this.#path}.new-${owner.id}`
    try {
      // Again after another took it in between: it may be free by now.
      for (let turn = 0; turn < TURNS; turn++) if (await this.#installed(own, owner)) return owner.id
    } finally {
      await rm(own, { force: true })
    }
    throw this.#taken('is taken again and again', UNKNOWN)
  }

  async #installed(own: string, owner: Owner): Promise<boolean> {
    const before = await readOwner(this.#path)
    if (before !== undefined) await this.#refuseLiving(before)
    await writeFlushed(own, `${JSON.stringify(owner)}\n`)
    return before === undefined ? succeeded(link(own, this.#path)) : this.#succeeds(idOf(before), own)
  }

  async #succeeds(before: string, own: string): Promise<boolean> {
    const claim = await this.#claim(before, own)
    if (claim === undefined) return false
    try {
      const now = await readOwner(this.#path)
      return now !== undefined && idOf(now) === before && (await succeeded(rename(own, this.#path)))
    } finally {
      await rm(claim, { force: true })
    }
  }

  /** The claim that is ours now; undefined when it is decided already. */
  async #claim(before: string, own: string): Promise<string | undefined> {
    for (let n = 1; ; n++) {
      const claim = `${this.#path}.after-${before}.${n}`
      if (await succeeded(link(own, claim))) return claim
      const claimer = await readOwner(claim)
      if (claimer === undefined) return undefined
      await this.#refuseLiving(claimer)
    }
  }

  /** Removes what those left that were killed, and what others need no more who are too late. */
  async #clearUp(): Promise<void> {
    const [folder, name] = [dirname(this.#path), basename(this.#path)]
    try {
      const left = (await readdir(folder)).filter(file => file.startsWith(`${name}.`) && LEFT.test(file.slice(name.length)))
      for (const file of left) await rm(join(folder, file), { force: true })
    } catch {
      // Not every user may list a folder that he may write into: nothing but a few small files stays.
    }
  }

  async #refuseLiving(owner: Found): Promise<void> {
    if (owner !== UNKNOWN && (await runsHere(owner))) throw this.#taken('is in use', owner)
  }

  #taken(how: string, owner: Found): AlertError {
    const isOurs = owner !== UNKNOWN && owner.pid === process.pid && owner.host === hostname()
    const who = owner === UNKNOWN ? 'another process' : isOurs ? 'this process' : `process ${owner.pid} on ${owner.host}`
    const own = isOurs
      ? 'Use the same Checkpoint again, or wait until the stream that has it has ended: await client.close()'
      : 'Give each process a file of its own'
    const mend = `${own}. If ${isUntold(owner) ? REUSED : 'nobody uses this one'}, delete ${this.#path}`
    return new AlertError('ALERT_SHARED', `${this.#what} ${how} by ${who}. One live subscription each`, { mend, fatal: true })
  }
}

/** Each that is lost is another's success: so many are no chance any more. */
const TURNS = 100
const LEFT = /^\.(new|by|after)-[\w-]+(\.\d+)?$/
/** Only where the system says when a process started a number that was given again is told from the process before. */
const isUntold = (owner: Found): boolean => owner !== UNKNOWN && owner.started === undefined
const REUSED = 'that process has ended, and its number is another program now (this system does not say when a process started)'

const idOf = (owner: Found): string => (owner === UNKNOWN ? UNKNOWN : owner.id)

/** Not when it is there already, and not when whoever got the lock has cleared ours away. */
const succeeded = (step: Promise<void>): Promise<boolean> =>
  step.then(
    () => true,
    error => {
      if (isErrno(error, 'EEXIST') || isErrno(error, 'ENOENT')) return false
      throw error
    },
  )
