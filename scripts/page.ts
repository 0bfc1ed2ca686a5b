import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root: string = fileURLToPath(new URL('..', import.meta.url))
const web: string = join(root, 'web')

/** Builds the page that a bridge serves with `ui: true`, to dist/ui. */
export async function buildPage(): Promise<void> {
  const folder = join(root, 'dist/ui')
  mkdirSync(folder, { recursive: true })
  const { outputFiles } = await build({
    entryPoints: [join(web, 'page.ts'), join(web, 'page.css')],
    outdir: folder,
    tsconfig: join(root, 'tsconfig.browser.json'),
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: ['es2022', 'chrome111', 'firefox115', 'safari16.4'],
    logLevel: 'warning',
  })
  for (const { path, contents } of outputFiles) write(path, contents)
  write(join(folder, 'index.html'), readFileSync(join(web, 'index.html')))
}

/** Whole or not at all: a bridge may read it meanwhile. */
function write(path: string, contents: Uint8Array): void {
  const part = `${path}.${process.pid}`
  writeFileSync(part, contents)
  renameSync(part, path)
}
