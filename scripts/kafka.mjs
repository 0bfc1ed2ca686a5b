// A Kafka for trying things by hand: npm run kafka [-- --brokers 3]
import { tsImport } from 'tsx/esm/api'

const { main } = await tsImport('../test/bed/main.ts', import.meta.url)
try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(`The test bed's Kafka did not work: ${error.message}`)
  process.exitCode = 1
}
