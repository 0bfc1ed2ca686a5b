import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkNode, installPackages, run } from './steps.mjs'

/*
 * The whole suite: lint, types, build, and the tests in their groups. What cannot be prepared here (no Java, no Python, no registry) is said
 * loudly and left out; with CI=true nothing may be left out. With --full the faults last as long as docs/reliability.md says, and what they
 * measured is written there if all went well.
 */

checkNode()
installPackages()
const ci = process.env.CI === 'true'
const full = process.argv.includes('--full')
const folder = mkdtempSync(join(tmpdir(), 'igwn-alert-rx-'))
const figures = join(folder, 'figures')
const env = { ...process.env, IGWN_ALERT_RX_FULL: String(full), IGWN_ALERT_RX_FIGURES: figures }
const skipped = []
const times = []
let passed = 0
let failed = 0

/** Does it, and remembers how long it took; ms. */
const timed = (name, work) => {
  const start = performance.now()
  const result = work()
  const took = performance.now() - start
  times.push(`${name} ${took < 60_000 ? `${Math.round(took / 1000)} s` : `${(took / 60_000).toFixed(1)} min`}`)
  return { result, took }
}

const step = (name, command, args) => {
  console.log(`\n== ${name}`)
  if (timed(name, () => run(command, args)).result) passed++
  else {
    failed++
    console.error(`== ${name} failed`)
  }
}

const testProject = project => {
  console.log(`\n== tests: ${project}`)
  const report = join(folder, `${project}.json`)
  const args = ['vitest', 'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { result: green, took } = timed(`tests: ${project}`, () => run('npx', args, { env }))
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
  return { took, green }
}

step('lint', 'npm', ['run', '--silent', 'lint'])
step('types', 'npm', ['run', '--silent', 'types'])
step('build', 'npm', ['run', '--silent', 'build'])

console.log('\n== preparing a real Kafka and its Python peers')
const real = run(process.execPath, ['scripts/prepare.mjs'])
if (!real) skipped.push('everything on a real Kafka: the contract, the interoperation with the Python peers, the faults')

testProject('unit')
if (real) {
  testProject('real')
  const faults = ['faults', 'faults-alone'].map(project => testProject(project))
  const minutes = faults.reduce((sum, { took }) => sum + took, 0) / 60_000
  const write = full && faults.every(({ green }) => green)
  console.log('\n== what the faults measured')
  if (!run(process.execPath, ['scripts/figures.mjs', figures, String(minutes), ...(write ? ['--write'] : [])])) failed++
}
testProject('package')
console.log('\n== preparing Chromium and the front ends')
if (run(process.execPath, ['scripts/prepare.mjs', '--browser'])) testProject('browser')
else skipped.push('everything in Chromium: the bridge, the front ends')
rmSync(folder, { recursive: true })

for (const what of skipped) console.error(`\n!!! NOT TESTED: ${what}${ci ? ': with CI=true that is a failure' : ''}`)
if (ci) failed += skipped.length
console.log(`\n${times.join(', ')}\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
