import type { Token } from '../claims.ts'
import { type AlertRecord, Delivery, recordToJson, tokenOf, type With } from '../record.ts'

/** The record with another payload; a delivery keeps its claims, a plain record is copied. */
export function withPayload<R extends AlertRecord<unknown>, P>(record: R, payload: P): With<R, P>
export function withPayload<P>(record: AlertRecord<unknown>, payload: P): AlertRecord<P> {
  if (record instanceof Delivery) return record.with(payload)
  const copy: AlertRecord<P> = { ...record, payload, toJSON: () => recordToJson(copy) }
  return copy
}

/** What holds the claims on it; a plain record has none. */
export const claimedBy = (record: AlertRecord<unknown>): Token | undefined => (record instanceof Delivery ? tokenOf(record) : undefined)

/** An operator leaves the record out: its own claim on it is settled. */
export const drop = (record: AlertRecord<unknown>): void => claimedBy(record)?.drop()
