import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import express from 'express'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { buildPage } from '../../../scripts/page.ts'
import { serve } from '../serve.ts'

beforeAll(buildPage)

interface Got {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

/** As the server sends it: nothing is unpacked, no redirect is followed. */
function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  return new Promise((resolve, reject) => {
    request(url, { method, headers }, response => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }))
    })
      .on('error', reject)
      .end()
  })
}

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

describe('the page of a bridge', () => {
  it.each([
    ['/', 'text/html; charset=utf-8', '<!doctype html>'],
    ['/ui/page.js', 'text/javascript; charset=utf-8', ''],
    ['/ui/page.css', 'text/css; charset=utf-8', ':root{'],
  ])('%s is served as what it is, under its policy', async (path, type, start) => {
    const { url } = await serve({ ui: true })
    const { status, headers, body } = await get(url + path)
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'content-type': type,
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
      vary: 'Accept-Encoding',
    })
    expect(body.toString().toLowerCase().startsWith(start)).toBe(true)
    const packed = await get(url + path, { 'accept-encoding': 'br, gzip' })
    expect(packed.headers['content-encoding']).toBe('gzip')
    expect(gunzipSync(packed.body).equals(body)).toBe(true)
    const known = await get(url + path, { 'if-none-match': `W/"other", ${headers['etag'] as string}` })
    expect({ status: known.status, length: known.body.length }).toEqual({ status: 304, length: 0 })
    const head = await get(url + path, {}, 'HEAD')
    expect({ status: head.status, length: head.body.length }).toEqual({ status: 200, length: 0 })
  })

  it('is not packed for who does not take that', async () => {
    const { url } = await serve({ ui: true })
    for (const accepted of ['identity', 'gzip;q=0', 'gzip; q=0.0, br'])
      expect((await get(`${url}/`, { 'accept-encoding': accepted })).headers['content-encoding'], accepted).toBeUndefined()
  })

  it('has no alerts in it: it needs no token, and may be linked from anywhere', async () => {
    const { url } = await serve({ ui: true, authorize: () => false })
    expect((await get(`${url}/`, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).status).toBe(200)
    expect((await get(`${url}/stream`)).status).toBe(401)
  })

  it('is for the hosts of the bridge alone', async () => {
    const { url } = await serve({ ui: true })
    expect((await get(`${url}/`, { host: 'evil.invalid' })).status).toBe(421)
  })

  it('is not there unless asked for, and nothing else is with it', async () => {
    const without = await serve()
    expect((await get(`${without.url}/`)).status).toBe(404)
    const { url } = await serve({ ui: true })
    for (const path of [
      '/ui/',
      '/ui/../package.json',
      '/ui/%2e%2e/package.json',
      '/ui/page.ts',
      '/index.html',
      '/__proto__',
      '/constructor',
    ])
      expect((await get(url + path)).status, path).toBe(404)
    expect((await get(`${url}/`, {}, 'POST')).status).toBe(405)
  })

  it('is found below a mount, with and without its slash, in Express and fetch-style', async () => {
    const { bridge } = await serve({ ui: true })
    const server = createServer(express().use('/alerts', bridge.node))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const bare = await get(`${url}/alerts?a=b`)
    expect({ status: bare.status, location: bare.headers['location'] }).toEqual({ status: 308, location: './alerts/' })
    expect((await get(`${url}/alerts/`)).status).toBe(200)
    expect((await get(`${url}/alerts/ui/page.js`)).status).toBe(200)
    const fetched = async (path: string, headers = {}) =>
      bridge.fetch(new Request(`http://localhost${path}`, { headers }), { mount: '/alerts' })
    expect((await fetched('/alerts')).headers.get('location')).toBe('./alerts/')
    const page = await fetched('/alerts/')
    expect(await page.text()).toContain('Gravitational-wave alerts')
    expect((await fetched('/alerts/', { 'if-none-match': page.headers.get('etag')! })).status).toBe(304)
  })
})
