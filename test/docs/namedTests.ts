import ts from 'typescript'
import { read, root } from './pages.ts'

/** A row of a table: its cells, without the outer bars. */
export interface Row {
  /** Of the nearest heading above. */
  readonly heading: string
  readonly cells: readonly string[]
}

/** All tables of a page, without their heads. */
export function rowsOf(page: string): Row[] {
  let heading = ''
  const rows: Row[] = []
  const lines = read(page).split('\n')
  lines.forEach((line, i) => {
    if (line.startsWith('#')) heading = line.replace(/^#+ /, '')
    const isHead = /^\| ?---/.test(lines[i + 1] ?? '')
    if (!line.startsWith('|') || isHead || /^\| ?---/.test(line)) return
    rows.push({
      heading,
      cells: line
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map(cell => cell.trim()),
    })
  })
  return rows
}

export interface NamedTest {
  readonly file: string
  readonly title: string
}

/** The tests that a text names: `[file](../test/...) › ` and titles between backticks, one or several. */
export const testsIn = (text: string): NamedTest[] =>
  [...text.matchAll(/\]\(\.\.\/(test\/[^)]+)\) › (`[^`]+`(?:, `[^`]+`)*)/g)].flatMap(([, file = '', titles = '']) =>
    [...titles.matchAll(/`([^`]+)`/g)].map(([, title = '']) => ({ file, title: title.replaceAll('\\|', '|') })),
  )

const titles = new Map<string, ReadonlySet<string>>()

/** Whether the file has a test, a group of tests or a row of `each` of exactly that title. */
export function exists({ file, title }: NamedTest): boolean {
  if (!ts.sys.fileExists(`${root}/${file}`)) return false
  const known = titles.get(file) ?? titlesOf(file)
  titles.set(file, known)
  return known.has(title)
}

/** Texts that are the first argument of a call, or the first value of an array: titles are among them. */
function titlesOf(file: string): ReadonlySet<string> {
  const found = new Set<string>()
  const visit = (node: ts.Node): void => {
    const first = ts.isCallExpression(node) ? node.arguments[0] : ts.isArrayLiteralExpression(node) ? node.elements[0] : undefined
    if (first && ts.isStringLiteralLike(first)) found.add(first.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, read(file), ts.ScriptTarget.ES2022))
  return found
}
