/** 50 ms doubling to 1 s, less up to a half, so that many do not come at once. @param failures in a row, from 1 */
export const backoff = (failures: number): number => Math.min(50 * 2 ** (failures - 1), 1_000) * (0.5 + Math.random() / 2)
