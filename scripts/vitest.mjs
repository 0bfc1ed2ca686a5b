import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root, run } from './steps.mjs'

const LINES_OF_A_MESSAGE = 6

/** Runs a project of vitest.config.ts, all of its files or those named, and reads its report; a failure without a report has no file. */
export function runProject(project, { files = [], folder, env }) {
  const report = join(folder, `${project}${files.length > 0 ? '-again' : ''}.json`)
  const args = ['vitest', 'run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const green = run('npx', [...args, ...files], { env })
  try {
    return { green, ...results(JSON.parse(readFileSync(report, 'utf8'))) }
  } catch (error) {
    return { green: false, passed: 0, skipped: 0, failures: [{ file: undefined, text: `${project} gave no report: ${error.message}` }] }
  }
}

/** How many passed, how many were left out, and what failed: its file, and a text with the name and what was said. */
function results({ numPassedTests, numPendingTests, numTodoTests, testResults }) {
  const failures = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name)
    const failed = assertionResults.filter(test => test.status === 'failed')
    // A file that does not load fails no test.
    if (failed.length === 0 && status === 'failed') return [{ file, text: `${file}\n${firstLines(message)}` }]
    return failed.map(test => ({ file, text: `${file} > ${test.fullName}\n${firstLines(test.failureMessages.join('\n'))}` }))
  })
  return { passed: numPassedTests, skipped: numPendingTests + numTodoTests, failures }
}

const firstLines = text =>
  text
    .split('\n')
    .slice(0, LINES_OF_A_MESSAGE)
    .map(line => `    ${line}`)
    .join('\n')
