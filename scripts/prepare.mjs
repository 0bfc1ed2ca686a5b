// Downloads what the tests with a real Kafka and the Python peers need, with --browser what those in Chromium need:
// node scripts/prepare.mjs [--browser]
import { tsImport } from 'tsx/esm/api'

const isBrowser = process.argv.includes('--browser')
const { prepare, prepareBrowser } = await tsImport(isBrowser ? '../test/bed/chromium.ts' : '../test/bed/prepare.ts', import.meta.url)
try {
  await (isBrowser ? prepareBrowser : prepare)(line => console.log(line))
} catch (error) {
  console.error(`${isBrowser ? 'Chromium' : 'The test bed'} could not be prepared: ${error.message}`)
  process.exitCode = 1
}
