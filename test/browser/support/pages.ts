import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const pages: string = fileURLToPath(new URL('../pages/', import.meta.url))

export interface Folder {
  readonly path: string
  remove(): void
}

export function temporaryFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'igwn-alert-rx-pages-'))
  return { path, remove: () => rmSync(path, { recursive: true }) }
}

/** The page `test/browser/pages/NAME.html` with its program, bundled. */
export async function buildPage(name: string): Promise<Folder> {
  const folder = temporaryFolder()
  copyFileSync(join(pages, `${name}.html`), join(folder.path, 'index.html'))
  await build({
    entryPoints: [join(pages, `${name}.ts`)],
    outdir: folder.path,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent',
  })
  return folder
}
