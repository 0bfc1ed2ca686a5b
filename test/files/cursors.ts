import { Cursor } from '../../src/cursor.ts'

/** A position in topic `t`, as long as one of many topics is. */
export function cursorAt(offset: number): string {
  const others = Array.from({ length: 50 }, (_, partition) => ({ topic: 'gracedb.superevent', partition, offset }))
  return Cursor.of('memory:9092', 1_700_000_000_000, [{ topic: 't', partition: 0, offset }, ...others]).toString()
}

export const offsetIn = (cursor: string): number => Cursor.parse(cursor).offset('t', 0)!
