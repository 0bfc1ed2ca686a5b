/** Whether the system refused with that code, e.g. `ENOENT`. */
export const isErrno = (error: unknown, code: string): boolean => error instanceof Error && 'code' in error && error.code === code
