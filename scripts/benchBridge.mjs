import { checkNode, installPackages, run } from './steps.mjs'

// The bridge beside a bare node:http loop: npm run bench:bridge [-- --help].
checkNode()
installPackages()
if (!run('npm', ['run', 'build', '--silent'])) process.exit(1)
const program = `import { main } from './bench/bridge/main.ts'; process.exitCode = (await main(process.argv.slice(1))) ? 0 : 1`
process.exit(run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program, '--', ...process.argv.slice(2)]) ? 0 : 1)
