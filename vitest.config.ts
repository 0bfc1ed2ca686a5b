import { defineConfig } from 'vitest/config'

const alias = {
  'igwn-alert-rx/bridge': new URL('./src/bridge.ts', import.meta.url).pathname,
  'igwn-alert-rx/browser': new URL('./src/browser.ts', import.meta.url).pathname,
  'igwn-alert-rx/operators': new URL('./src/operators.ts', import.meta.url).pathname,
  'igwn-alert-rx/testing': new URL('./src/testing.ts', import.meta.url).pathname,
  'igwn-alert-rx': new URL('./src/index.ts', import.meta.url).pathname,
}
// real: what needs a real Kafka. Such tests wait more than they compute: two files at a time, also on two cores.
const real = ['test/bed/**/*.test.ts', 'test/kafka/**/*.test.ts', 'test/interop/**/*.test.ts']
// faults: test/faults/rows.ts. A row at full length (`npm run test:full`) lasts for minutes.
const faults = ['test/faults/*.test.ts']
// Those that kill brokers, or measure how long a way is open, come one after the other.
const alone = ['brokerKilled', 'threeBrokers', 'network', 'liveness', 'soak'].map(name => `test/faults/${name}.test.ts`)
const faultTimeout = process.env['IGWN_ALERT_RX_FULL'] === 'true' ? 900_000 : 240_000
const packaged = ['test/package/**/*.test.ts']
// browser: what needs Chromium or nginx.
const browser = ['test/browser/**/*.test.ts', 'test/bridge/nginx.test.ts']
const browserTimeout = process.env['IGWN_ALERT_RX_FULL'] === 'true' ? 180_000 : 60_000

export default defineConfig({
  resolve: { alias },
  test: {
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: [...real, ...faults, ...packaged, ...browser], testTimeout: 20_000 },
      },
      {
        extends: true,
        test: {
          name: 'real',
          include: real,
          globalSetup: ['test/bed/globalSetup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'faults',
          include: faults,
          exclude: alone,
          globalSetup: ['test/bed/globalSetup.ts'],
          testTimeout: faultTimeout,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'faults-alone',
          include: alone,
          globalSetup: ['test/bed/globalSetup.ts'],
          fileParallelism: false,
          testTimeout: faultTimeout,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: browser,
          fileParallelism: false,
          expect: { poll: { timeout: 15_000 } },
          testTimeout: browserTimeout,
          hookTimeout: 120_000,
        },
      },
      { extends: true, test: { name: 'package', include: packaged, fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 } },
    ],
  },
})
