import { open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Cursor } from '../cursor.ts'
import { AlertError, ConfigError, toAlertError } from '../errors.ts'
import type { CheckpointStore } from '../sources/Checkpoint.ts'
import { isErrno } from './errno.ts'
import { FileLock } from './FileLock.ts'
import { writeFlushed } from './writeFlushed.ts'

/** A `CheckpointStore` in a file. */
export interface FileStore extends CheckpointStore {
  /** Waits for the saving that is under way, and lets others have the file. The stream does it when it has ended. */
  release(): Promise<void>
}

/**
 * Keeps a checkpoint in a file: `from: new Checkpoint('latest', fileStore('superevent.checkpoint'))` goes on after a restart where everything
 * was handled. The folder has to exist.
 *
 * The file is whole at every moment, whatever kills the process or the machine: a position is written beside it, flushed, and renamed.
 *
 * One live subscription each: a second process of this machine that reads the file is refused with ALERT_SHARED. `PATH.lock` names the process
 * that has it; one that is gone is succeeded. Of a process on another machine (a shared volume) nobody can tell: it is succeeded too, and if it
 * lives, its savings are refused from then on, which it logs. Where the system does not say when a process started (macOS, Windows), the number of
 * one that is gone may be another program's by now: then it is refused until the lock is removed by hand, and the error says so.
 *
 * @param path relative to the working directory at this call
 * @throws ConfigError `load()`: the folder is missing or its file system has no hard links, the file cannot be read, or it holds something else
 * than a position. Never a silent start at `latest`
 * @example
 * const from = new Checkpoint('latest', fileStore('superevent.checkpoint'))
 * client.topic('superevent', { from }).pipe(parseJson<Alert>(), handle(({ payload }) => page(payload))).subscribe({ error: console.error })
 */
export function fileStore(path: string): FileStore {
  if (typeof path !== 'string' || path === '') {
    throw new ConfigError(`fileStore() got ${path === '' ? 'an empty path' : typeof path}`, { mend: `Give a file's path` })
  }
  return new OneFile(resolve(path))
}

/** Calls are carried out one after the other, in their order. */
class OneFile implements FileStore {
  readonly #path: string
  readonly #lock: FileLock
  #last: Promise<unknown> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
    this.#lock = new FileLock(`${path}.lock`, `The checkpoint file ${path}`)
  }

  load(): Promise<string | undefined> {
    return this.#inTurn(async () => {
      await this.#own()
      try {
        return await this.#read()
      } catch (error) {
        await this.#lock.release()
        throw error
      }
    })
  }

  save(cursor: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#own()
      const beside = this.#lock.scratch
      try {
        await replace(this.#path, beside, `${cursor}\n`)
      } catch (error) {
        await rm(beside, { force: true }).catch(() => {}) // the same disk may refuse that too
        throw this.#unusable(error)
      }
    })
  }

  release(): Promise<void> {
    return this.#inTurn(() => this.#lock.release())
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => {})
    return done
  }

  async #own(): Promise<void> {
    try {
      await this.#lock.hold()
    } catch (error) {
      throw error instanceof AlertError ? error : this.#unusable(error)
    }
  }

  async #read(): Promise<string | undefined> {
    let text: string
    try {
      text = await readFile(this.#path, 'utf8')
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined
      throw this.#unusable(error)
    }
    const cursor = text.trim()
    try {
      Cursor.parse(cursor)
    } catch (cause) {
      const what = text === '' ? 'is empty' : `holds ${text.length} characters that are no position: ${excerpt(text)}`
      throw new ConfigError(`The checkpoint file ${this.#path} ${what}`, {
        mend: "Put a copy of it back; or delete it, then the stream begins at the Checkpoint's start and may leave out what came before",
        cause,
      })
    }
    return cursor
  }

  #unusable(cause: unknown): ConfigError {
    const [, mend] = MENDS.find(([code]) => isErrno(cause, code)) ?? []
    return new ConfigError(`The checkpoint file ${this.#path} cannot be used: ${toAlertError(cause).message}`, {
      mend: mend?.(dirname(this.#path)),
      cause,
    })
  }
}

const NO_LINKS = (folder: string): string =>
  `If the file system of ${folder} has no hard links (FAT, some network shares), give a file on another one`

const MENDS: readonly (readonly [code: string, mend: (folder: string) => string])[] = [
  ['ENOENT', folder => `Make the folder ${folder} first`],
  ['EACCES', folder => `This user has to be allowed to write into ${folder}`],
  ['EROFS', folder => `${folder} cannot be written: give a file in another folder`],
  ['EISDIR', () => 'Give the path of a file'],
  ['EPERM', NO_LINKS],
  ['ENOTSUP', NO_LINKS],
  ['ENOSYS', NO_LINKS],
  ['EBUSY', () => 'It cannot be replaced: if it is mounted by itself, mount its folder'],
]

const EXCERPT = 40

const excerpt = (text: string): string => JSON.stringify(text.length > EXCERPT ? `${text.slice(0, EXCERPT)}...` : text)

/** Whole or not at all: written beside it and flushed, then renamed. */
async function replace(path: string, beside: string, text: string): Promise<void> {
  await writeFlushed(beside, text)
  await rename(beside, path)
  await syncFolder(dirname(path))
}

/** So that the renaming is on the disk too. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r')
    await folder.sync().finally(() => folder.close())
  } catch {
    // Not every system can: the file is whole in any case, at worst the position before.
  }
}
