import { checkNode, installPackages, run } from './steps.mjs'

// Beside kafkajs and the Python clients on one real Kafka: npm run bench [-- --help].
checkNode()
installPackages()
if (!run('npm', ['run', 'build', '--silent']) || !run(process.execPath, ['scripts/prepare.mjs'])) process.exit(1)
const program = `import { main } from './bench/main.ts'; process.exitCode = (await main(process.argv.slice(1))) ? 0 : 1`
process.exit(run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program, '--', ...process.argv.slice(2)]) ? 0 : 1)
