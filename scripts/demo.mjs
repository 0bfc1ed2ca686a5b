import { existsSync } from 'node:fs'
import { checkNode, installPackages, root, run } from './steps.mjs'

checkNode()
installPackages()
if (!existsSync(`${root}dist/cli/main.js`) && !run('npm', ['run', 'build', '--silent'])) process.exit(1)
process.exit(run(process.execPath, ['dist/cli/main.js', 'demo', ...process.argv.slice(2)]) ? 0 : 1)
