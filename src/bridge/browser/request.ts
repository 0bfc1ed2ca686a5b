export interface StreamRequest {
  /** Of the bridge, up to where it is mounted. */
  readonly url: string
  /** Undefined: all. */
  readonly topics: readonly string[] | undefined
  readonly from: string
  /** Where to resume; it wins over `from`. */
  readonly cursor: string | undefined
  /** Topics that begin now, not where the cursor was taken. */
  readonly added: readonly string[]
  readonly token: string | (() => string | Promise<string>) | undefined
}

export function addressOf({ url, topics, from, cursor, added }: StreamRequest): string {
  const query = new URLSearchParams()
  if (topics) query.set('topics', topics.join())
  if (cursor === undefined) query.set('from', from)
  else if (added.length > 0) query.set('new', added.join())
  return `${url.replace(/\/+$/, '')}/stream?${query}`
}

/** A token goes into a header, never into the address. */
export async function headersOf({ cursor, token }: StreamRequest): Promise<Record<string, string>> {
  const bearer = typeof token === 'function' ? await token() : token
  return {
    accept: 'text/event-stream',
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    ...(cursor !== undefined && { 'last-event-id': cursor }),
  }
}
