import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { type BridgeStatus, fromBridge } from '../../src/browser.ts'
import { pause, systemClock } from '../../src/clock.ts'
import type { RecordJson } from '../../src/record.ts'
import { launchBrowser, visit } from './support/browser.ts'
import { buildPage, type Folder } from './support/pages.ts'
import { byPlace, publishEveryKind, readDirectly } from './support/records.ts'
import { pauseRenderer } from './support/renderer.ts'
import { openSite } from './support/site.ts'

/** How long a page is stopped, ms. */
const STOPPED = process.env['IGWN_ALERT_RX_FULL'] === 'true' ? 60_000 : 10_000
/** Alerts that come meanwhile: so many every so many ms, and at least so many, for buffers on the way take the first megabytes. */
const BURST = 20
const BETWEEN = 50
const LEAST = 2_000

let lab: Folder
let browser: Browser
beforeAll(async () => {
  ;[lab, browser] = await Promise.all([buildPage('lab'), launchBrowser()])
})
afterAll(async () => {
  await browser?.close()
  lab?.remove()
})

const site = (options = {}) => openSite({ folder: lab.path, ...options })
const records = (page: Page): Promise<RecordJson[]> => page.evaluate('lab.records')
const payloads = async (page: Page): Promise<unknown[]> => (await records(page)).map(({ payload }) => payload)
const statuses = async (page: Page): Promise<string[]> =>
  (await page.evaluate<BridgeStatus[]>('lab.statuses.map(({ type }) => ({ type }))')).map(({ type }) => type)
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n)

describe('fromBridge in Chromium', () => {
  it('gives the records of a direct subscription, deep equal', async () => {
    const { url, transport } = await site()
    publishEveryKind(transport)
    const direct = await readDirectly(transport)
    const { page, faults } = await visit(browser, url)
    await page.evaluate(`lab.listen({ from: 'earliest' })`)
    await expect.poll(async () => (await records(page)).length).toBe(direct.length)
    expect(byPlace(await records(page))).toEqual(byPlace(direct))
    expect(direct.length).toBeGreaterThan(10)
    expect(faults).toEqual([])
  })

  it('gives them in a worker too', async () => {
    const { url, transport } = await site()
    publishEveryKind(transport)
    const direct = await readDirectly(transport)
    const { page, faults } = await visit(browser, url)
    await page.evaluate(`lab.listenInWorker({ from: 'earliest' })`)
    await expect.poll(async () => (await records(page)).length).toBe(direct.length)
    expect(byPlace(await records(page))).toEqual(byPlace(direct))
    expect(await page.evaluate('lab.errors')).toEqual([])
    expect(faults).toEqual([])
  })

  it('goes on at another instance when the server is killed: none lost, none doubled', async () => {
    const first = await site()
    const { page } = await visit(browser, first.url)
    await page.evaluate('lab.listen()')
    await expect.poll(() => statuses(page)).toContain('connected')
    first.append(...numbers(1, 50))
    await expect.poll(async () => (await payloads(page)).length).toBe(50)
    await first.kill()
    first.append(...numbers(51, 100))
    await expect.poll(() => statuses(page)).toContain('reconnecting')
    const second = await site({ transport: first.transport, port: first.port })
    second.append(...numbers(101, 150))
    await expect.poll(async () => (await payloads(page)).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(150)
    expect(await payloads(page)).toEqual(numbers(1, 150))
    expect(await statuses(page)).not.toContain('gap')
    expect(second.streams[0]?.['last-event-id']).toBeTruthy()
  })
})

describe('EventSource in Chromium', () => {
  it('gives the records of a direct subscription, deep equal', async () => {
    const { url, transport } = await site()
    publishEveryKind(transport)
    const direct = await readDirectly(transport)
    const { page } = await visit(browser, url)
    await page.evaluate(`lab.listenByEventSource('earliest')`)
    await expect.poll(async () => (await records(page)).length).toBe(direct.length)
    expect(byPlace(await records(page))).toEqual(byPlace(direct))
  })

  it('resumes by itself where it was', async () => {
    const { url, append, cut, streams } = await site()
    const { page } = await visit(browser, url)
    await page.evaluate(`lab.listenByEventSource('latest')`)
    await expect.poll(() => streams.length).toBe(1)
    append(...numbers(1, 20))
    await expect.poll(async () => (await payloads(page)).length).toBe(20)
    cut()
    append(...numbers(21, 40))
    await expect.poll(async () => (await payloads(page)).length).toBe(40)
    expect(await payloads(page)).toEqual(numbers(1, 40))
    expect(streams).toHaveLength(2)
    expect(streams[1]?.['last-event-id']).toBeTruthy()
  })
})

describe('a page that is stopped (SIGSTOP)', () => {
  it(`for ${STOPPED / 1000} s falls off the ring, harms nobody, and has every record when it goes on: none lost, none doubled`, async () => {
    const { url, append, clients, metric } = await site({ bridge: { heartbeat: 500, ring: { bytes: 1_000_000 } } })
    const { page } = await visit(browser, url)
    await page.evaluate('lab.listen()')
    await expect.poll(() => statuses(page)).toContain('connected')
    const other = listenInNode(`${url}/alerts`)
    await expect.poll(clients).toBe(2)
    append(numbered(0))
    await expect.poll(() => seen(page)).toEqual([0])

    const resume = await pauseRenderer(browser, page)
    const end = performance.now() + STOPPED
    let count = 1
    let longest = 0
    while (performance.now() < end || count < LEAST) {
      const sent = performance.now()
      append(...numbers(count, count + BURST - 1).map(numbered))
      count += BURST
      await expect.poll(() => other.length, { interval: 5 }).toBe(count)
      longest = Math.max(longest, performance.now() - sent)
      await pause(systemClock, BETWEEN)
    }
    expect(longest).toBeLessThan(2_000)
    expect(await metric('slow_total')).toBe(1)
    expect(await clients()).toBe(1)

    resume()
    await expect.poll(async () => (await seen(page)).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(count)
    expect(await seen(page)).toEqual(numbers(0, count - 1))
    expect(other).toEqual(numbers(0, count - 1))
    expect(await statuses(page)).not.toContain('gap')
  })
})

/** An alert of 10 KB. */
const numbered = (n: number) => ({ n, text: 'x'.repeat(10_000) })

const seen = (page: Page): Promise<number[]> => page.evaluate('lab.records.map(({ payload }) => payload.n)')

/** The numbers that a client in Node gets. */
function listenInNode(url: string): number[] {
  const got: number[] = []
  const subscription = fromBridge<{ n: number }>(url).subscribe(({ payload }) => got.push(payload.n))
  onTestFinished(() => subscription.unsubscribe())
  return got
}
