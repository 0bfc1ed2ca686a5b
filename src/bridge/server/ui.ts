import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { ConfigError } from '../../errors.ts'
import type { Answer, BridgeRequest } from './request.ts'

/** Where the build puts the page; from `src` and from `dist` the same. */
const FOLDER = new URL('../../../dist/ui/', import.meta.url)

/** By path below the mount. */
const FILES: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  '/': { file: 'index.html', type: 'text/html; charset=utf-8' },
  '/ui/page.js': { file: 'page.js', type: 'text/javascript; charset=utf-8' },
  '/ui/page.css': { file: 'page.css', type: 'text/css; charset=utf-8' },
}

/** Alerts are text from elsewhere: nothing that could be in them runs, loads or sends anything, also if the page had a fault. */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'cache-control': 'no-cache',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  vary: 'Accept-Encoding',
  'x-content-type-options': 'nosniff',
}

interface Asset {
  readonly type: string
  readonly bytes: Uint8Array
  readonly gzipped: Uint8Array
  readonly etag: string
}

/** The answer to a request for the page, or undefined for one that is for something else. */
export type Page = (request: BridgeRequest) => Answer | undefined

/** Reads the page's files, once. @throws ConfigError when they are not there */
export function openPage(): Page {
  const assets = new Map(Object.entries(FILES).map(([path, { file, type }]) => [path, load(file, type)] as const))
  return request => {
    const asset = assets.get(request.path)
    if (!asset || (request.method !== 'GET' && request.method !== 'HEAD')) return undefined
    // What the page names is beside it: `/alerts/ui/page.js`, not `/ui/page.js`.
    if (!request.fullPath.endsWith(request.path)) return redirect(`./${request.fullPath.split('/').at(-1)}/`)
    return answer(asset, request)
  }
}

function load(file: string, type: string): Asset {
  const bytes = read(file)
  return { type, bytes, gzipped: gzipSync(bytes), etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"` }
}

function read(file: string): Uint8Array {
  try {
    return readFileSync(new URL(file, FOLDER))
  } catch (cause) {
    throw new ConfigError(`the page is not there: ${fileURLToPath(FOLDER)}${file} cannot be read`, {
      mend: 'It is part of the package; in the repository `npm run build` makes it',
      cause,
    })
  }
}

function answer({ type, bytes, gzipped, etag }: Asset, { header }: BridgeRequest): Answer {
  const headers = { ...HEADERS, 'content-type': type, etag }
  if (isKnown(etag, header('if-none-match'))) return { status: 304, headers, body: '' }
  const takesGzip = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(header('accept-encoding') ?? '')
  return takesGzip
    ? { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: gzipped }
    : { status: 200, headers, body: bytes }
}

/** A proxy that compresses makes the tag a weak one. */
const isKnown = (etag: string, known: string | undefined): boolean =>
  known?.split(',').some(one => one.trim().replace(/^W\//, '') === etag) ?? false

const redirect = (location: string): Answer => ({ status: 308, headers: { ...HEADERS, location }, body: '' })
