// Downloads what the tests with a real Kafka and the Python peers need: node scripts/prepare.mjs
import { tsImport } from 'tsx/esm/api'

const { prepare } = await tsImport('../test/bed/prepare.ts', import.meta.url)
try {
  await prepare(line => console.log(line))
} catch (error) {
  console.error(`The test bed could not be prepared: ${error.message}`)
  process.exitCode = 1
}
