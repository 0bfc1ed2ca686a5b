import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const alias = {
  'igwn-alert-rx/bridge': new URL('./src/bridge.ts', import.meta.url).pathname,
  'igwn-alert-rx/browser': new URL('./src/browser.ts', import.meta.url).pathname,
  'igwn-alert-rx/operators': new URL('./src/operators.ts', import.meta.url).pathname,
  'igwn-alert-rx/testing': new URL('./src/testing.ts', import.meta.url).pathname,
  'igwn-alert-rx': new URL('./src/index.ts', import.meta.url).pathname,
}
// real: what needs a real Kafka. Such tests wait more than they compute: three files at a time, also on two cores.
const real = ['test/bed/**/*.test.ts', 'test/kafka/**/*.test.ts', 'test/interop/**/*.test.ts']
// faults: test/faults/rows.ts. A row at full length (`npm run test:full`) lasts for minutes.
const faults = ['test/faults/*.test.ts']
// Those that kill the shared broker, or measure how long a way is open, come one after the other.
const alone = ['brokerKilled', 'threeBrokers', 'network', 'liveness'].map(name => `test/faults/${name}.test.ts`)
const faultTimeout = process.env['IGWN_ALERT_RX_FULL'] === 'true' ? 900_000 : 240_000
const packaged = ['test/package/**/*.test.ts']
// browser: what needs Chromium or nginx.
const browser = ['test/browser/**/*.test.ts', 'test/bridge/nginx.test.ts']
const browserTimeout = process.env['IGWN_ALERT_RX_FULL'] === 'true' ? 180_000 : 60_000

const longest = ['faults/soak', 'kafka/contract', 'kafka/members', 'kafka/oauth', 'faults/members', 'member/member', 'docs/code']

/** Begins with the files that last longest, so that no other has to wait for one of them at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => longest.findIndex(name => moduleId.endsWith(`/${name}.test.ts`))
    const others = await super.sort(files.filter(file => rank(file) < 0))
    return [...files.filter(file => rank(file) >= 0).sort((a, b) => rank(a) - rank(b)), ...others]
  }
}

export default defineConfig({
  resolve: { alias },
  test: {
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
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
