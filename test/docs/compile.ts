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

/** What a block that imports nothing may use: an excerpt has no room for it. */
const prelude = (): string => `
import { ${namesOf('src/index.ts').join(', ')} } from 'igwn-alert-rx'
import { ${namesOf('src/testing.ts').join(', ')} } from 'igwn-alert-rx/testing'
import { ${['bufferTime', 'concatMap', 'filter', 'merge', 'of', 'Observable', 'Subject', 'share'].join(', ')} } from 'rxjs'
interface Alert { readonly superevent_id: string; readonly alert_type: string }
declare const client: IgwnAlertClient
declare const other: IgwnAlertClient
declare const sink: TopicSink<Alert>
declare const alert: Alert
declare const alert$: Observable<Alert>
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
  const relaxed = { ...options, noUnusedLocals: false, noUnusedParameters: false, verbatimModuleSyntax: false }
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
