import { AlertError } from '../../errors.ts'
import { troubleOf } from './answers.ts'
import type { BridgeRecord } from './BridgeRecord.ts'

/** How `fetchLink` asks; as for `fromBridge`. */
export interface FetchLinkOptions {
  readonly token?: string | undefined
  readonly signal?: AbortSignal | undefined
  /** @default the platform's */
  readonly fetch?: typeof fetch | undefined
}

/**
 * What was lifted out of a record's payload: a sky map, for one.
 *
 * @param url of the bridge, as for `fromBridge`
 * @param pointer JSON pointer, a key of `record.links`, e.g. `/event/skymap`
 * @throws AlertError when there is no such link, or it may not be read
 */
export async function fetchLink(
  url: string,
  record: BridgeRecord,
  pointer: string,
  options: FetchLinkOptions = {},
): Promise<Uint8Array | string> {
  const link = record.links[pointer]
  if (!link)
    throw new AlertError('ALERT_CONFIG', `nothing was lifted out of the payload at '${pointer}'`, {
      mend: `There is: ${Object.keys(record.links).join(', ') || 'nothing'}`,
    })
  const { token, signal, fetch: get = globalThis.fetch } = options
  const response = await get(`${url.replace(/\/+$/, '')}/${link.href}`, {
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(signal && { signal }),
  })
  if (!response.ok) throw (await troubleOf(response)).error
  return link.type === 'text' ? response.text() : new Uint8Array(await response.arrayBuffer())
}
