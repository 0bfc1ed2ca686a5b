/**
 * What is the same wherever one alert comes from, for `dedupe({ key: alertKey })` below `decode()` or `parseJson()`.
 *
 * | payload | key |
 * |---|---|
 * | a public alert: an object (GCN) or an array of one (SCiMMA) | its superevent, type and time of creation |
 * | anything else, such as a message of GraceDB (`uid`, `alert_type`, `data`, `object`) | the message's id; undefined without one: it passes |
 *
 * GraceDB's messages do not say when they were made: two `update`s of a superevent have the same `created`, that of the superevent, and both
 * are news. Their id tells them apart, and is the same when one was sent twice.
 *
 * @param record or `{ payload }`, for an alert without one
 *
 * @example
 * ```ts
 * merge(client.topic('igwn.gwalert'), other.topic('igwn.gwalert'))
 *   .pipe(decode(), dedupe({ key: alertKey }), handle(({ server, payload }) => page({ server, payload })))
 *   .subscribe({ error: console.error })
 * ```
 * @see {@link dedupe}
 */
export function alertKey({ payload, id }: { readonly payload: unknown; readonly id?: string | undefined }): string | undefined {
  const alert: unknown = Array.isArray(payload) && payload.length === 1 ? payload[0] : payload
  return isPublic(alert) ? `${alert.superevent_id} ${alert.alert_type} ${alert.time_created}` : id
}

const FIELDS = ['superevent_id', 'alert_type', 'time_created'] as const

const isPublic = (alert: unknown): alert is Readonly<Record<(typeof FIELDS)[number], string>> =>
  typeof alert === 'object' && alert !== null && FIELDS.every(field => typeof Reflect.get(alert, field) === 'string')
