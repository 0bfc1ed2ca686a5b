import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkNode, installPackages, run } from './steps.mjs'

/*
 * The whole suite: lint, types, build, and the tests in four groups. What cannot be prepared here (no Java, no Python, no registry) is said
 * loudly and left out; with CI=true nothing may be left out.
 */

checkNode()
installPackages()
const ci = process.env.CI === 'true'
const skipped = []
let passed = 0
let failed = 0

const step = (name, command, args) => {
  console.log(`\n== ${name}`)
  if (run(command, args)) passed++
  else {
    failed++
    console.error(`== ${name} failed`)
  }
}

step('lint', 'npm', ['run', '--silent', 'lint'])
step('types', 'npm', ['run', '--silent', 'types'])
step('build', 'npm', ['run', '--silent', 'build'])

console.log('\n== preparing a real Kafka and its Python peers')
const real = run(process.execPath, ['scripts/prepare.mjs'])
if (!real) skipped.push('everything on a real Kafka: the contract, the interoperation with the Python peers, the faults')

const projects = ['unit', ...(real ? ['real'] : []), 'package']
for (const project of projects) {
  console.log(`\n== tests: ${project}`)
  const folder = mkdtempSync(join(tmpdir(), 'igwn-alert-rx-'))
  const report = join(folder, 'report.json')
  const green = run('npx', ['vitest', 'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`])
  const before = failed
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, 'utf8'))
    passed += numPassedTests
    failed += numFailedTests
    if (numPendingTests + numTodoTests > 0) skipped.push(`${numPendingTests + numTodoTests} tests of ${project} that are marked so`)
  } catch {
    failed++
  }
  // A file that does not load, or an error outside of a test, fails no test.
  if (!green && failed === before) failed++
  rmSync(folder, { recursive: true })
}

for (const what of skipped) console.error(`\n!!! NOT TESTED: ${what}${ci ? ': with CI=true that is a failure' : ''}`)
if (ci) failed += skipped.length
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
