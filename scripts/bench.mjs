// Measures the built package beside its peers: npm run bench [-- --help]
import { checkNode, installPackages, run } from './steps.mjs'

checkNode()
installPackages()
if (!run('npm', ['run', '--silent', 'build'])) process.exit(1)
if (!run(process.execPath, ['scripts/prepare.mjs'])) process.exit(1)

const { tsImport } = await import('tsx/esm/api')
const { main } = await tsImport('../bench/main.ts', import.meta.url)
try {
  if (!(await main(process.argv.slice(2)))) process.exitCode = 1
} catch (error) {
  console.error(`The benchmark failed: ${error.message}`)
  process.exitCode = 1
}
