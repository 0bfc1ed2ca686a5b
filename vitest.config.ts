import { defineConfig } from 'vitest/config'

const alias = {
  'igwn-alert-rx/operators': new URL('./src/operators.ts', import.meta.url).pathname,
  'igwn-alert-rx/testing': new URL('./src/testing.ts', import.meta.url).pathname,
  'igwn-alert-rx': new URL('./src/index.ts', import.meta.url).pathname,
}
// real: what needs a real Kafka; one file after the other, for the machine has few cores and brokers are killed there.
const real = ['test/bed/**/*.test.ts', 'test/kafka/**/*.test.ts', 'test/interop/**/*.test.ts']
// faults: test/faults/rows.ts. A row at full length (`npm run test:full`) lasts for minutes.
const faults = ['test/faults/*.test.ts']
const faultTimeout = process.env['IGWN_ALERT_RX_FULL'] === 'true' ? 900_000 : 240_000
const packaged = ['test/package/**/*.test.ts']

export default defineConfig({
  resolve: { alias },
  test: {
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [...real, ...faults, ...packaged], testTimeout: 20_000 },
      },
      {
        extends: true,
        test: {
          name: 'real',
          include: real,
          globalSetup: ['test/bed/globalSetup.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'faults',
          include: faults,
          globalSetup: ['test/bed/globalSetup.ts'],
          fileParallelism: false,
          testTimeout: faultTimeout,
          hookTimeout: 120_000,
        },
      },
      { extends: true, test: { name: 'package', include: packaged, fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 } },
    ],
  },
})
