import { filter, lastValueFrom, type Observable, take } from 'rxjs'
import { type Delivery, handle, type Status } from '../index.ts'
import { type CommonFlags, clientOptions } from './options.ts'
import type { Output } from './output.ts'
import { jsonLine, readable } from './records.ts'
import { withClient } from './running.ts'

export interface PrintFlags {
  readonly json: boolean | undefined
  readonly count: number | undefined
}

export interface ListenFlags extends CommonFlags, PrintFlags {
  readonly from: 'earliest' | 'latest' | Date | undefined
  readonly untilEnd: boolean | undefined
  readonly tests: 'exclude' | 'include' | 'only' | undefined
}

export async function listen(topics: readonly string[], flags: ListenFlags): Promise<void> {
  const { from, untilEnd, tests } = flags
  await withClient({ ...clientOptions(flags), from, untilEnd, tests }, async ({ client, output }) => {
    if (process.stderr.isTTY) client.status$.pipe(filter(isConnected), take(1)).subscribe(greet)
    await printAlerts(client.topics(topics.length > 0 ? topics : undefined), output, flags)
  })
}

const isConnected = ({ type }: Status): boolean => type === 'connected'

/** Alerts are rare: silence is not a fault. */
const greet = ({ server, topics }: Status): void =>
  console.error(`igwn-alert-rx: connected to ${server}, waiting for alerts of ${topics.join(', ')}; Ctrl-C ends`)

/** A record is handled once it is written; one that cannot be decoded is reported, and not counted. Resolves after `count` of them. */
export async function printAlerts(
  records: Observable<Delivery>,
  output: Output,
  { json, count = Number.POSITIVE_INFINITY }: PrintFlags,
): Promise<void> {
  const textOf = (record: Delivery): string | undefined => {
    try {
      return json ? jsonLine(record) : readable(record, output)
    } catch (error) {
      record.fail(error)
      return undefined
    }
  }
  const print = async (record: Delivery): Promise<boolean> => {
    const text = textOf(record)
    if (text !== undefined) await output.line(text)
    return text !== undefined
  }
  const printed = records.pipe(handle(print, { retry: 0, onFailure: 'error' }), filter(Boolean), take(count))
  await lastValueFrom(printed, { defaultValue: false })
}
