import { type AlertRecord, Delivery, recordToJson, tokenOf, type With } from '../record.ts'

/** The record with another payload; a delivery keeps its claims, a plain record is copied. */
export function withPayload<R extends AlertRecord<unknown>, P>(record: R, payload: P): With<R, P>
export function withPayload<P>(record: AlertRecord<unknown>, payload: P): AlertRecord<P> {
  if (record instanceof Delivery) return record.with(payload)
  const copy: AlertRecord<P> = { ...record, payload, toJSON: () => recordToJson(copy) }
  return copy
}

/** An operator leaves the record out: its own claim on it is settled. */
export function drop(record: AlertRecord<unknown>): void {
  if (record instanceof Delivery) tokenOf(record).drop()
}
