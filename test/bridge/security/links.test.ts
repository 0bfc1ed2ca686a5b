import { describe, expect, it, vi } from 'vitest'
import { AlertError } from '../../../src/index.ts'
import { events } from '../serve.ts'
import { server } from './rig.ts'

const PAGE = `<!doctype html><script>alert(1)</script>${' '.repeat(20_000)}`
const TOKEN = { authorization: 'Bearer admin' }

/** A page lifted out of the first record of either topic. */
async function withLinks() {
  const served = await server({ authorize: ({ token, topic }) => token === 'admin' || topic.topic === 'superevent' })
  served.append('superevent', { page: PAGE, small: '<b>' }, 2)
  served.append('secret', { page: PAGE })
  const stream = await events(`${served.url}/stream?from=earliest`, TOKEN)
  await expect.poll(() => stream.of('record').length).toBe(3)
  stream.stop()
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${served.url}/${path}`, { headers, redirect: 'error' })
    return { status: response.status, headers: Object.fromEntries(response.headers), text: await response.text() }
  }
  return { ...served, get }
}

describe('a link', () => {
  it('is served so that no browser runs it', async () => {
    const { get } = await withLinks()
    const { status, headers, text } = await get('blob/gracedb.superevent/0/0?path=/page')
    expect([status, text]).toEqual([200, PAGE])
    expect(headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': expect.stringMatching(/^private/),
    })
  })

  it('of a topic that may not be read is as one of a topic that is not there', async () => {
    const { get } = await withLinks()
    expect((await get('blob/gracedb.secret/0/0?path=/page', TOKEN)).status).toBe(200)
    const { date: _, ...nowhere } = (await get('blob/gracedb.nowhere/0/0?path=/page')).headers
    const missing = await get('blob/gracedb.nowhere/0/0?path=/page')
    expect(missing.status).toBe(404)
    for (const path of ['0/0?path=/page', '0/1?path=/page', '0/999?path=/page', '7/0?path=/page', '0/0']) {
      const { status, text, headers } = await get(`blob/gracedb.secret/${path}`)
      const { date: __, ...rest } = headers
      expect([path, status, text, rest]).toEqual([path, 404, missing.text, nowhere])
    }
  })

  it.each([
    ['an offset that is not there', 'blob/gracedb.superevent/0/99?path=/page', 404],
    ['a partition that is not there', 'blob/gracedb.superevent/99/0?path=/page', 404],
    ['nothing that was lifted out', 'blob/gracedb.superevent/0/0?path=/small', 404],
    ['nothing at all', 'blob/gracedb.superevent/0/0', 404],
    ['a property of every object', 'blob/gracedb.superevent/0/0?path=__proto__', 404],
    ['a topic without its group', 'blob/superevent/0/0?path=/page', 404],
    ['a topic named as every object is', 'blob/__proto__/0/0?path=/page', 404],
    ['a file', `blob/${encodeURIComponent('../../../etc/passwd')}/0/0?path=/page`, 404],
    ['a file, by dots', 'blob/..%2f..%2fetc/0/0?path=../../etc/passwd', 404],
    ['a NUL', 'blob/gracedb.superevent%00/0/0?path=/page', 404],
    ['half a character', 'blob/gracedb%ff/0/0?path=/page', 400],
    ['half an escape', 'blob/gracedb%/0/0?path=/page', 400],
    ['a negative offset', 'blob/gracedb.superevent/0/-1?path=/page', 400],
    ['a huge offset', `blob/gracedb.superevent/0/${'9'.repeat(40)}?path=/page`, 400],
    ['an offset in other digits', 'blob/gracedb.superevent/0/0x0?path=/page', 400],
    ['an offset and more', 'blob/gracedb.superevent/0/0%20?path=/page', 400],
    ['no place', 'blob', 400],
    ['a pointer of 10 KB', `blob/gracedb.superevent/0/0?path=${'/x'.repeat(5_000)}`, 404],
  ])('to %s', async (_name, path, status) => {
    const { get } = await withLinks()
    expect((await get(path)).status).toBe(status)
  })

  it('to what is in a log that is away: come again', async () => {
    const { url, client } = await withLinks()
    vi.spyOn(client, 'cursor').mockRejectedValue(new AlertError('ALERT_CONNECTION', 'broker 7 is gone'))
    const response = await fetch(`${url}/blob/gracedb.superevent/0/5?path=/page`)
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await response.text()).not.toContain('broker 7')
  })

  it('to what is not in the ring reads one record of the log, few at a time', async () => {
    const { get, url, client, append } = await withLinks()
    for (let n = 0; n < 50; n++) append('superevent', n)
    let reading = 0
    let most = 0
    const topics = client.topics.bind(client)
    client.topics = (...args) => {
      most = Math.max(most, ++reading)
      return topics(...args)
    }
    // Offsets that were never written: the ring does not have them, the log is asked.
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async () => (await fetch(`${url}/blob/gracedb.superevent/1/5?path=/page`)).status),
    )
    expect(statuses.filter(status => status !== 404 && status !== 503)).toEqual([])
    expect(most).toBeLessThanOrEqual(4)
    expect((await get('blob/gracedb.superevent/0/0?path=/page')).status).toBe(200)
  })
})
