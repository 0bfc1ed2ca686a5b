export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) throw new Error('no values, no median')
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Of the values' ratios, one by one: how much what happens on the machine moves them. */
export function range(values: readonly number[], over: readonly number[]): readonly [least: number, most: number] {
  const ratios = values.map((value, i) => value / over[i]!)
  return [Math.min(...ratios), Math.max(...ratios)]
}

/** The value below which such a share of them is; of 1 the largest. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  if (sorted.length === 0) throw new Error('no values, no quantile')
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}
