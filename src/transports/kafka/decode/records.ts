import { BatchRecord } from './BatchRecord.ts'
import { Cursor } from './Cursor.ts'
import { Unreadable } from './Unreadable.ts'

/** What the header of a batch says about its records. */
export interface RecordsOf {
  readonly base: number
  readonly last: number
  readonly count: number
  readonly firstTime: number
  /** The one timestamp of all records: LogAppendTime. */
  readonly fixedTime: number | undefined
}

/** Length, attributes, timestamp, offset, key, value, headers: a byte each. */
const SMALLEST_RECORD = 6

/** Appends the records of one decompressed batch to `out`, those below `from` left out. @throws Unreadable; `out` is as it was then */
export function readRecords(bytes: Uint8Array, start: number, end: number, of: RecordsOf, from: number, out: BatchRecord[]): void {
  const { base, last, count, firstTime, fixedTime } = of
  const before = out.length
  const cursor = new Cursor(bytes, start)
  let previous = base - 1
  for (let i = 0; i < count; i++) {
    const length = cursor.varint()
    const stop = cursor.at + length
    if (length < SMALLEST_RECORD || stop > end) throw damaged(out, before, `record ${i} of ${count} runs over its batch`)
    cursor.at++ // attributes: none are in use
    const delta = cursor.varlong()
    const offset = base + cursor.varint()
    const keyLength = cursor.varint()
    const keyAt = cursor.at
    if (keyLength > 0) cursor.at += keyLength
    const valueLength = cursor.varint()
    const valueAt = cursor.at
    if (valueLength > 0) cursor.at += valueLength
    if (cursor.at >= stop) throw damaged(out, before, `record ${i} of ${count}: key or value runs over the record`)
    if (offset <= previous || offset > last)
      throw damaged(out, before, `record ${i} of ${count} has offset ${offset}, which is not its batch's`)
    previous = offset
    if (offset >= from) {
      out.push(new BatchRecord(bytes, offset, fixedTime ?? firstTime + delta, keyAt, keyLength, valueAt, valueLength, cursor.at, stop))
    }
    cursor.at = stop
  }
  if (cursor.at !== end) throw damaged(out, before, `${end - cursor.at} bytes are left behind its ${count} records`)
}

function damaged(out: BatchRecord[], before: number, what: string): Unreadable {
  out.length = before
  return new Unreadable(what)
}
