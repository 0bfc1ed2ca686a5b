import type { Hub } from './Hub.ts'
import type { Caller, Rights } from './Rights.ts'
import { type Answer, Refusal } from './request.ts'

export interface BlobRequest {
  readonly hub: Hub
  readonly rights: Rights
  readonly caller: Caller
  /** topic id, partition, offset */
  readonly rest: readonly string[]
  readonly query: URLSearchParams
  readonly headers: Readonly<Record<string, string>>
}

const encoder = new TextEncoder()

/** What was lifted out of a record: from the ring, else read again. @throws Refusal */
export async function blobAnswer({ hub, rights, caller, rest, query, headers }: BlobRequest): Promise<Answer> {
  const [partitionText = '', offsetText = ''] = rest.slice(-2)
  // A proxy may have decoded the slash in an id.
  const topic = hub.catalog.get(decodeText(rest.slice(0, -2).join('/')))
  const [partition, offset] = [partitionText, offsetText].map(text => (/^\d{1,15}$/.test(text) ? Number(text) : undefined))
  if (partition === undefined || offset === undefined) throw new Refusal(400, 'link', 'this is no link of a record')
  // Who may not read a topic is not told whether it has such a record.
  if (!topic || !(await rights.mayRead(topic, caller)))
    throw new Refusal(404, 'not_found', 'there is no such record, or you may not read it')
  const entry = hub.ring.find(topic.id, partition, offset) ?? (await hub.readAgain(topic, partition, offset))
  const blob = entry?.blobs?.get(query.get('path') ?? '')
  if (blob === undefined) throw new Refusal(404, 'not_found', 'there is no such record, or nothing was lifted out of it there')
  return {
    status: 200,
    headers: {
      ...headers,
      'content-type': typeof blob === 'string' ? 'text/plain; charset=utf-8' : 'application/octet-stream',
      'content-disposition': 'attachment',
      'cache-control': 'private, max-age=31536000, immutable',
      'x-content-type-options': 'nosniff',
      // Were it opened all the same, it could run and load nothing.
      'content-security-policy': "default-src 'none'; sandbox",
    },
    body: typeof blob === 'string' ? encoder.encode(blob) : blob,
  }
}

function decodeText(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Refusal(400, 'link', 'this is no link of a record')
  }
}
