// Readers and a writer under random faults on a real Kafka: npm run soak [-- --minutes 30 --seed 1]
import { tsImport } from 'tsx/esm/api'
import { checkNode } from './steps.mjs'

checkNode()
const { main } = await tsImport('../test/faults/support/soakMain.ts', import.meta.url)
try {
  if (!(await main(process.argv.slice(2)))) process.exitCode = 1
} catch (error) {
  console.error(`The soak did not come to its end: ${error.message}`)
  process.exitCode = 1
}
