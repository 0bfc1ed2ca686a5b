import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root: string = fileURLToPath(new URL('../..', import.meta.url))

export const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** Paths of a folder's files, as the project names them. */
export const filesOf = (folder: string, ending: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith(ending))
    .map(name => `${folder}/${name}`)

export const pages: readonly string[] = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'examples/README.md', ...filesOf('docs', '.md')]

/** What stands between fences. */
export interface Block {
  /** Page and line, for the names of tests. */
  readonly at: string
  /** What follows the fence: a language, and `run` where the block is executed. */
  readonly info: string
  readonly text: string
}

export function blocksOf(page: string): Block[] {
  const text = read(page)
  return [...text.matchAll(/^```(\S[^\n]*)\n(.*?)^```$/gms)].map(({ index, 1: info = '', 2: block = '' }) => ({
    at: `${page}:${text.slice(0, index).split('\n').length}`,
    info: info.trim(),
    text: block,
  }))
}

/** The `@example`s of doc comments, without their fences. */
export function examplesOf(file: string): Block[] {
  const text = read(file)
  return [...text.matchAll(/^ *\* @example\n(.*?)(?=^ *\* @|^ *\*\/)/gms)].map(({ index, 1: lines = '' }) => ({
    at: `${file}:${text.slice(0, index).split('\n').length}`,
    info: 'ts',
    text: lines.replaceAll(/^ *\* ?/gm, '').replaceAll(/^```.*$/gm, ''),
  }))
}
