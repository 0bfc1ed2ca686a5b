import { readFile, writeFile } from 'node:fs/promises'

const BEGIN = '<!-- npm run bench -- --write: begin -->'
const END = '<!-- npm run bench -- --write: end -->'

/** Puts the results between the marks of a document. */
export async function writeResults(document: URL, results: string): Promise<void> {
  const text = await readFile(document, 'utf8')
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`${document.pathname} has no place for results: ${BEGIN} and ${END}`)
  await writeFile(document, `${text.slice(0, begin + BEGIN.length)}\n\n${results.trim()}\n\n${text.slice(end)}`)
}
