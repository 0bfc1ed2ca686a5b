import { constants, open } from 'node:fs/promises'
import { ConfigError } from '../errors.ts'

/** Text, mode and owner are those of one open file, whatever is renamed meanwhile. */
export interface TextFile {
  readonly text: string
  readonly mode: number
  readonly uid: number
}

/** Reads a file of UTF-8 text; links are followed. Undefined: it does not exist. @throws ConfigError for whatever else keeps it from being read */
export async function readTextFile(path: string): Promise<TextFile | undefined> {
  try {
    // Without O_NONBLOCK the opening of a named pipe waits for its writer.
    const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    try {
      const stat = await file.stat()
      if (!stat.isFile()) throw new ConfigError(`${path} is not a regular file`)
      return { text: decode(await file.readFile(), path), mode: stat.mode, uid: stat.uid }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof ConfigError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw new ConfigError(`${path} cannot be read: ${code}`, { cause: error })
  }
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ConfigError(`${path} is not UTF-8 text`)
  }
}

/** For a shell: `chmod 0600 ...` in an error can be pasted. */
export const quoteForShell = (path: string): string => (/^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`)
