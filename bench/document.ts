import { readFile, writeFile } from 'node:fs/promises'

/** Puts the results between the marks of a document that name the command they come of. */
export async function writeResults(document: URL, command: string, results: string): Promise<void> {
  const text = await readFile(document, 'utf8')
  const [first, last] = ['begin', 'end'].map(where => `<!-- ${command}: ${where} -->`) as [string, string]
  const [begin, end] = [text.indexOf(first), text.indexOf(last)]
  if (begin < 0 || end < begin) throw new Error(`${document.pathname} has no place for results: ${first} and ${last}`)
  await writeFile(document, `${text.slice(0, begin + first.length)}\n\n${results.trim()}\n\n${text.slice(end)}`)
}
