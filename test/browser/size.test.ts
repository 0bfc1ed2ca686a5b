import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const LIMIT = 12_000

it('fromBridge, parseJson and toStore weigh at most 12 KB gzipped, besides rxjs', async () => {
  const contents = `
    import { fromBridge, toStore } from './src/browser.ts'
    import { parseJson } from './src/operators.ts'
    globalThis.store = toStore(fromBridge('/alerts').pipe(parseJson()), undefined)
  `
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: root },
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    external: ['rxjs'],
  })
  const weight = gzipSync(outputFiles[0]!.contents).length
  expect(weight).toBeLessThanOrEqual(LIMIT)
})
