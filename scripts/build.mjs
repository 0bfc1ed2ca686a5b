import { chmodSync, rmSync } from 'node:fs'
import { tsImport } from 'tsx/esm/api'
import { checkNode, installPackages, root, run } from './steps.mjs'

checkNode()
installPackages()
rmSync(`${root}dist`, { recursive: true, force: true })
if (!run('npx', ['tsc', '-p', 'tsconfig.build.json'])) process.exit(1)
chmodSync(`${root}dist/cli/main.js`, 0o755)
const { buildPage } = await tsImport('./page.ts', import.meta.url)
await buildPage()
