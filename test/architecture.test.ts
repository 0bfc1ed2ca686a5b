import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'

const src = fileURLToPath(new URL('../src', import.meta.url))

/** Base: one file each, no folder. What flows, what is said of it, and the words for both. */
const BASE = ['base64', 'claims', 'clock', 'cursor', 'errors', 'limits', 'place', 'record', 'scope', 'status', 'turn', 'words']

interface Room {
  readonly may: readonly string[]
  readonly packages: readonly string[]
  readonly node: boolean
}
const anywhere = (may: readonly string[], packages: readonly string[] = []): Room => ({ may: ['base', ...may], packages, node: false })
const inNode = (may: readonly string[], packages: readonly string[] = []): Room => ({ may: ['base', ...may], packages, node: true })

/** Who may import whom; what is not here is forbidden. */
const ROOMS: Readonly<Record<string, Room>> = {
  base: anywhere([]),
  formats: anywhere([]),
  operators: anywhere(['formats'], ['rxjs']),
  transport: anywhere([]),
  'transports/memory': anywhere(['transport']),
  'transports/kafka': inNode(['transport'], ['kafkajs']),
  auth: inNode(['transport'], ['smol-toml', 'oauth4webapi']),
  offload: anywhere(['formats', 'transport', 'operators'], ['bson']),
  sources: anywhere(['formats', 'transport', 'operators'], ['rxjs']),
  sinks: anywhere(['formats', 'transport', 'operators'], ['rxjs']),
  client: inNode(
    ['formats', 'transport', 'operators', 'offload', 'transports/memory', 'transports/kafka', 'auth', 'sources', 'sinks'],
    ['rxjs'],
  ),
  doctor: inNode(['formats', 'transport', 'operators', 'transports/kafka', 'auth', 'sources', 'sinks', 'client'], ['rxjs']),
  files: inNode(['formats', 'transport', 'operators', 'transports/memory', 'transports/kafka', 'auth', 'sources', 'sinks'], ['rxjs']),
  'bridge/protocol': anywhere(['formats', 'operators', 'sources'], ['rxjs']),
  'bridge/browser': anywhere(['formats', 'operators', 'sources', 'bridge/protocol'], ['rxjs', 'eventsource-parser']),
  'bridge/server': inNode(['formats', 'transport', 'operators', 'auth', 'sources', 'client', 'bridge/protocol'], ['rxjs']),
  testing: anywhere(['formats', 'transport', 'transports/memory']),
  cli: inNode(['entry'], ['commander', 'rxjs']),
  // The public lists of names.
  entry: inNode([
    'bridge/protocol',
    'bridge/browser',
    'bridge/server',
    'formats',
    'transport',
    'operators',
    'offload',
    'transports/memory',
    'auth',
    'sources',
    'sinks',
    'files',
    'client',
    'doctor',
    'testing',
  ]),
}
const ENTRIES = ['index', 'bridge', 'browser', 'operators', 'testing']

function roomOf(path: string): string {
  const parts = path.replace(/\.ts$/, '').split('/')
  if (parts.length === 1) return ENTRIES.includes(parts[0]!) ? 'entry' : BASE.includes(parts[0]!) ? 'base' : `unknown file ${path}`
  if (parts[0] === 'transports') return parts.length === 2 ? 'transport' : `transports/${parts[1]}`
  if (parts[0] === 'bridge') return `bridge/${parts[1]}`
  return parts[0]!
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.ts') && !name.endsWith('.d.ts'))
const importsOf = (file: string): string[] =>
  ts.preProcessFile(readFileSync(join(src, file), 'utf8')).importedFiles.map(({ fileName }) => fileName)

function faultOf(file: string, imported: string): string | undefined {
  const from = roomOf(file)
  const room = ROOMS[from]
  if (!room) return `${file}: ${from} is not in the table`
  if (imported.startsWith('node:')) return room.node ? undefined : `${file} (${from}, runs anywhere) imports ${imported}`
  if (!imported.startsWith('.')) {
    const name = imported.split('/')[0]!
    return room.packages.includes(name) ? undefined : `${file} (${from}) imports the package ${name}`
  }
  const to = roomOf(relative(src, resolve(src, dirname(file), imported)))
  return to === from || room.may.includes(to) ? undefined : `${file} (${from}) imports ${imported} (${to})`
}

describe('architecture', () => {
  it('finds the sources', () => expect(files.length).toBeGreaterThan(50))

  it('every import is in the table of who may import whom', () => {
    const faults = files.flatMap(file => importsOf(file).map(imported => faultOf(file, imported))).filter(fault => fault !== undefined)
    expect(faults).toEqual([])
  })

  it('sees a forbidden import, also of a type, also a dynamic one', () => {
    expect(faultOf('operators/handle.ts', '../sources/Reading.ts')).toContain('(sources)')
    expect(faultOf('sources/Part.ts', 'kafkajs')).toContain('the package kafkajs')
    expect(faultOf('formats/json.ts', 'node:fs')).toContain('runs anywhere')
    const { importedFiles } = ts.preProcessFile(
      `import type { A } from './a.ts'; const b = await import('./b.ts'); type C = import('./c.ts').C`,
    )
    expect(importedFiles.map(({ fileName }) => fileName)).toEqual(['./a.ts', './b.ts', './c.ts'])
  })

  it('public entries name what they export', () => {
    for (const entry of ENTRIES) expect(readFileSync(join(src, `${entry}.ts`), 'utf8'), entry).not.toMatch(/export \*/)
  })

  it('kafkajs is named in one folder', () => {
    const named = files.filter(file => /['"]kafkajs/.test(readFileSync(join(src, file), 'utf8')))
    expect(named.every(file => file.startsWith('transports/kafka/'))).toBe(true)
  })
})
