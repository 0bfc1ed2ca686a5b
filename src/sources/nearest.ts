/** Edit distance of two short names. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length]!
}

/** The existing names that are nearest to a wanted one, for an error's mend. */
export function nearest(wanted: string, existing: Iterable<string>, count = 3): string[] {
  const farthest = Math.max(3, Math.ceil(wanted.length / 2))
  return [...existing]
    .map(name => ({ name, far: distance(wanted.toLowerCase(), name.toLowerCase()) }))
    .filter(({ far }) => far <= farthest)
    .sort((a, b) => a.far - b.far || a.name.localeCompare(b.name))
    .slice(0, count)
    .map(({ name }) => name)
}

/** For a mend where no name is near. */
export const seesTopics = (count: number): string => `This user sees ${count} ${count === 1 ? 'topic' : 'topics'}`
