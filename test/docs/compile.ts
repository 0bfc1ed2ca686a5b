import { join } from 'node:path'
import ts from 'typescript'
import { type Block, read, root } from './pages.ts'

/** Names that an entry exports, types too. */
const namesOf = (entry: string): string[] =>
  [...read(entry).matchAll(/^export (?:type )?\{(.*?)\}/gms)].flatMap(({ 1: names = '' }) =>
    names
      .split(',')
      .map(name => name.replace('type ', '').trim())
      .filter(name => name !== ''),
  )

/** Each name from the first entry that has it. */
function importsOf(entries: Readonly<Record<string, string>>): string {
  const seen = new Set<string>()
  return Object.entries(entries)
    .map(([entry, file]) => {
      const names = namesOf(file).filter(name => !seen.has(name))
      for (const name of names) seen.add(name)
      return `import { ${names.join(', ')} } from '${entry}'`
    })
    .join('\n')
}

/** What a block that imports nothing may use: an excerpt has no room for it. */
const prelude = (): string => `
${importsOf({ 'igwn-alert-rx': 'src/index.ts', 'igwn-alert-rx/testing': 'src/testing.ts', 'igwn-alert-rx/bridge': 'src/bridge.ts', 'igwn-alert-rx/browser': 'src/browser.ts' })}
import { ${['bufferTime', 'concatMap', 'filter', 'merge', 'of', 'Observable', 'scan', 'share', 'Subject'].join(', ')} } from 'rxjs'
interface Alert { readonly superevent_id: string; readonly alert_type: string }
declare const client: IgwnAlertClient
declare const other: IgwnAlertClient
declare const sink: TopicSink<Alert>
declare const alert: Alert
declare const alert$: Observable<Alert>
declare const writable: WritableStream<unknown>
declare function useSyncExternalStore<T>(subscribe: (run: () => void) => () => void, snapshot: () => T): T
declare const store: CheckpointStore
declare function page(alert: unknown): Promise<void>
`

const importsSomething = /^import /m

function programOf({ at, text }: Block, i: number): readonly [name: string, text: string] {
  const name = join(root, 'test/docs', `block-${i}-${at.replaceAll(/\W/g, '-')}.ts`)
  return [name, importsSomething.test(text) ? `${text}\nexport {}` : `${prelude()};{\n${text}\n}`]
}

/** What the compiler says of each block, in the project's strictness; that an excerpt leaves names unused is no fault. */
export function faultsOf(blocks: readonly Block[]): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const programs = new Map(blocks.map(programOf))
  // A page's block uses the DOM.
  const lib = [...(options.lib ?? []), 'lib.dom.d.ts', 'lib.dom.iterable.d.ts']
  const relaxed = { ...options, lib, noUnusedLocals: false, noUnusedParameters: false, verbatimModuleSyntax: false }
  const host = ts.createCompilerHost(relaxed)
  const { getSourceFile, fileExists } = host
  host.fileExists = name => programs.has(name) || fileExists(name)
  host.getSourceFile = (name, ...rest) => {
    const text = programs.get(name)
    return text === undefined ? getSourceFile(name, ...rest) : ts.createSourceFile(name, text, ts.ScriptTarget.ES2022)
  }
  const program = ts.createProgram([...programs.keys()], relaxed, host)
  return [...programs.keys()].flatMap((name, i) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(name))
      .map(({ messageText }) => `${blocks[i]?.at}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`),
  )
}
