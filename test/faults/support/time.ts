/** Milliseconds since 1970 that no jump of the wall clock touches, comparable between processes of one machine. */
export const now = (): number => performance.timeOrigin + performance.now()

/** For figures: '1.2 s'. */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
