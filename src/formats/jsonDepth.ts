/** Each level has a bracket at its beginning and one at its end. */
const LEAST_PER_LEVEL = 2

/**
 * Whether JSON nests deeper than so many arrays and objects; `JSON.parse` has no bound, and whoever walks the value later has a stack. Few
 * payloads have as many brackets at all: only those are looked through.
 */
export function nestsDeeper(text: string, depth: number): boolean {
  if (text.length <= LEAST_PER_LEVEL * depth || countOf(text, '{', depth) + countOf(text, '[', depth) <= depth) return false
  let open = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (char === '"') at = endOfString(text, at)
    else if (char === '{' || char === '[') {
      if (++open > depth) return true
    } else if (char === '}' || char === ']') open--
  }
  return false
}

/** How often a character comes; counted no further than one more than `most`. */
function countOf(text: string, char: string, most: number): number {
  let count = 0
  for (let at = text.indexOf(char); at >= 0 && count <= most; at = text.indexOf(char, at + 1)) count++
  return count
}

/** The quote that ends a string; the length of a text where there is none. @param start the quote that begins it */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0
    while (text[end - 1 - backslashes] === '\\') backslashes++
    // An odd one escapes the quote.
    if (backslashes % 2 === 0) return end
  }
  return text.length
}
