import { AlertError } from '../errors.ts'

/**
 * The bytes of an answer, at most `limit` of them: no more is read, whatever the server says or sends.
 *
 * @param where the URL, as errors show it
 * @throws AlertError ALERT_TOO_LARGE
 */
export async function readBody({ body, headers }: Response, limit: number, where: string): Promise<Uint8Array> {
  const declared = Number(headers.get('content-length') ?? 0)
  if (declared > limit) {
    await body?.cancel()
    throw tooLarge(`${declared} bytes`, limit, where)
  }
  if (!body) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = body.getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    size += read.value.length
    if (size > limit) {
      await reader.cancel()
      throw tooLarge(`more than ${limit} bytes`, limit, where)
    }
    chunks.push(read.value)
  }
  return joined(chunks, size)
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

const tooLarge = (size: string, limit: number, where: string): AlertError =>
  new AlertError('ALERT_TOO_LARGE', `${where}: ${size}, and limits.externalBytes is ${limit}`, {
    mend: 'If it is meant to be so large, raise it',
  })
