/** What `Program` of support/program.ts gave to this process. */
export const task = <T>(): T => JSON.parse(process.argv[2] ?? '{}') as T

/** One JSON object, one line. */
export function tell(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
