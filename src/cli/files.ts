import { readFile, stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { ConfigError } from '../index.ts'

/**
 * Reads files; `-` is the standard input. Each may be asked for again: what can be read once only, also a pipe with a name, is kept.
 *
 * @throws ConfigError when it cannot be read
 */
export function fileReader(stdin: Readable = process.stdin): (file: string) => Promise<Uint8Array> {
  const kept = new Map<string, Uint8Array>()
  return async file => {
    const known = kept.get(file)
    if (known) return known
    try {
      const isRegular = file !== '-' && (await stat(file)).isFile()
      const bytes = file === '-' ? await buffer(stdin) : await readFile(file)
      if (!isRegular) kept.set(file, bytes)
      return bytes
    } catch (error) {
      throw new ConfigError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}
