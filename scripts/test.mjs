import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkNode, installPackages, run } from './steps.mjs'
import { runProject } from './vitest.mjs'

/*
 * The whole suite: lint, types, build, and the tests in their groups. What cannot be prepared here (no Java, no Python, no registry) is said
 * loudly and left out; with CI=true nothing may be left out. With --full the faults last as long as docs/reliability.md says, and what they
 * measured is written there if all went well. A file where a test fails is run once more, alone.
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
const failures = []
const unsteady = []

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
  else failures.push(`${name}: see above`)
}

const testProject = project => {
  console.log(`\n== tests: ${project}`)
  const { result, took } = timed(`tests: ${project}`, () => runProject(project, { folder, env }))
  passed += result.passed
  if (result.skipped > 0) skipped.push(`${result.skipped} tests of ${project} that are marked so`)
  // An error outside of a test fails no test and no file.
  if (result.failures.length === 0 && !result.green) failures.push(`${project}: an error outside of its tests, see above`)
  if (result.failures.some(({ file }) => file === undefined)) failures.push(...result.failures.map(({ text }) => text))
  else if (result.failures.length > 0) again(project, result.failures)
  return { took, green: result.green }
}

/** Runs the files of what failed a second time, alone: what passes then is not broken but unsteady, and is told as that. */
const again = (project, failed) => {
  const files = [...new Set(failed.map(({ file }) => file))]
  console.error(`\n== tests: ${project}: ${failed.length} failed; once more: ${files.join(', ')}`)
  const { result } = timed(`again: ${project}`, () => runProject(project, { files, folder, env }))
  if (result.green) unsteady.push(...failed.map(({ text }) => text))
  else failures.push(...(result.failures.length > 0 ? result.failures : failed).map(({ text }) => text))
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
  if (!run(process.execPath, ['scripts/figures.mjs', figures, String(minutes), ...(write ? ['--write'] : [])]))
    failures.push('the figures: see above')
}
testProject('package')
console.log('\n== preparing Chromium and the front ends')
if (run(process.execPath, ['scripts/prepare.mjs', '--browser'])) testProject('browser')
else skipped.push('everything in Chromium: the bridge, the front ends')
rmSync(folder, { recursive: true })

for (const what of skipped) console.error(`\n!!! NOT TESTED: ${what}${ci ? ': with CI=true that is a failure' : ''}`)
for (const what of unsteady) console.error(`\n!!! UNSTEADY, failed and then passed alone; find out why: ${what}`)
for (const what of failures) console.error(`\n!!! FAILED: ${what}`)
const failed = failures.length + (ci ? skipped.length : 0)
console.log(`\n${times.join(', ')}\n${passed} passed, ${unsteady.length} unsteady, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
