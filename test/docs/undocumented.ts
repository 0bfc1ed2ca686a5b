// What reference.test.ts has to complain of.

/** Not exported. */
interface Unexported {
  readonly name: string
}

/** Links to {@link Nothing}. */
export const withBrokenLink = (unexported: Unexported): string => unexported.name

export function withoutComment(): void {}
