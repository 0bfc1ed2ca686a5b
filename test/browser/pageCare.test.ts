import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import axe from 'axe-core'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPage } from '../../scripts/page.ts'
import { sampleAlerts, sampleNight } from '../../src/testing.ts'
import { type AlertsPage, openBridge, visitPage } from './support/alertsPage.ts'
import { launchBrowser } from './support/browser.ts'
import type { Site } from './support/site.ts'

let browser: Browser
beforeAll(async () => {
  ;[browser] = await Promise.all([launchBrowser(), buildPage()])
})
afterAll(() => browser?.close())

const KIB = 1024
const built = (name: string): Promise<Buffer> => readFile(new URL(`../../dist/ui/${name}`, import.meta.url))

it('weighs at most 30 KB gzipped, rxjs and all', async () => {
  const files = await Promise.all(['index.html', 'page.js', 'page.css'].map(built))
  const weight = files.reduce((sum, file) => sum + gzipSync(file).length, 0)
  expect(weight).toBeLessThanOrEqual(30 * KIB)
})

/** Everything that a page can show at a time: alerts of all types, marks, a message that is none. */
async function fill(site: Site): Promise<void> {
  site.append(...sampleNight().flatMap(({ payload }) => (payload instanceof Uint8Array ? [] : [payload])))
  site.append({ uid: 'S250101c', alert_type: 'label_added', object: { far: 1e-9 } }, { other: 'message' })
}

/** What axe finds wrong: rule and element. */
async function violations({ page }: AlertsPage): Promise<string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<axe.AxeResults>('axe.run()')
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} ${String(target)} ${failureSummary}`))
}

describe.each(['light', 'dark'] as const)('in %s colours', colorScheme => {
  it.each([
    ['wide', 1280],
    ['on a phone', 320],
  ])('axe finds nothing wrong in the list, a superevent, the notices and the form, %s', async (_, width) => {
    const site = await openBridge()
    await fill(site)
    // axe is put into the page from outside, which its policy does not let anybody do.
    const options = { colorScheme, viewport: { width, height: 700 }, bypassCSP: true }
    const visit = await visitPage(browser, site, options)
    const { rows, row, page, detail } = visit
    await expect.poll(() => rows.count()).toBeGreaterThan(5)
    expect(await violations(visit)).toEqual([])
    await row(sampleAlerts(['UPDATE'])[0]!.superevent_id)
      .getByRole('link')
      .click()
    await expect.poll(() => detail.isVisible()).toBe(true)
    expect(await violations(visit)).toEqual([])
    await page.keyboard.press('Escape')
    const closed = await openBridge({ bridge: { authorize: () => false } })
    const refused = await visitPage(browser, closed, options)
    await expect.poll(() => refused.page.getByLabel('Token', { exact: true }).isVisible()).toBe(true)
    expect(await violations(refused)).toEqual([])
  })
})

describe('on a phone', () => {
  it.each([320, 375])('of %d px nothing goes beyond the edge, in the list and in a superevent', async width => {
    const site = await openBridge()
    await fill(site)
    site.append({ ...sampleAlerts(['INITIAL'], { seed: 5 })[0], superevent_id: `S${'x'.repeat(60)}` })
    const { page, rows, row, detail } = await visitPage(browser, site, { viewport: { width, height: 640 } })
    await expect.poll(() => rows.count()).toBeGreaterThan(5)
    const overflow = (): Promise<number> => page.evaluate('document.documentElement.scrollWidth - innerWidth')
    expect(await overflow()).toBe(0)
    await page.getByText('Filters', { exact: true }).click()
    expect(await page.getByLabel('Hide retracted').isVisible()).toBe(true)
    expect(await overflow()).toBe(0)
    for (const id of [sampleAlerts(['UPDATE'])[0]!.superevent_id, `S${'x'.repeat(60)}`]) {
      await row(id).getByRole('link').click()
      await expect.poll(() => detail.isVisible()).toBe(true)
      expect(await rows.first().isVisible()).toBe(false)
      expect(await overflow()).toBe(0)
      await page.keyboard.press('Escape')
    }
  })
})

describe('hostile alerts', () => {
  const HOSTILE = [
    '<img src="x" onerror="alert(1)">',
    '</td></tr></table><script>alert(1)</script>',
    '"><svg onload=alert(1)>',
    'javascript:alert(1)',
    'one\r\n\r\nevent: bye\ndata: {"reason":"closing","retryMs":0}\n\ntwo\u2028three\u2029\0',
    '\u202Efdp.exe',
    '__proto__',
  ]

  it('are text: no element, no dialog, no request, nothing that the policy has to refuse', async () => {
    const site = await openBridge()
    const { page, rows, ids, faults, detail } = await visitPage(browser, site)
    await expect.poll(() => site.clients()).toBe(1)
    const requests: string[] = []
    page.on('request', request => requests.push(request.url()))
    const before = await page.locator('script, img, svg, iframe, object, style, link').count()
    for (const text of HOSTILE) {
      const event = {
        far: text,
        instruments: [text],
        group: text,
        pipeline: text,
        search: text,
        classification: { [text]: 0.5 },
        properties: { [text]: 1 },
      }
      site.append({
        superevent_id: text,
        alert_type: text,
        time_created: text,
        urls: { gracedb: text },
        event,
        external_coinc: { observatory: text },
      })
      site.append({
        superevent_id: text,
        alert_type: 'UPDATE',
        time_created: '2025-01-01T00:00:00Z',
        urls: { gracedb: 'javascript:alert(1)' },
        event,
      })
      site.append(text, { uid: 'S250101a', alert_type: text, data: { name: text, comment: text }, object: { labels: [text] } })
    }
    await expect.poll(() => rows.count()).toBe(HOSTILE.length + 1)
    expect((await ids()).filter(id => id !== 'S250101a').sort()).toEqual([...HOSTILE].sort())
    for (const text of HOSTILE) {
      await page.evaluate(`location.hash = ${JSON.stringify(`#${new URLSearchParams({ id: text })}`)}`)
      await expect.poll(() => page.locator('#detail-title').textContent()).toBe(text)
      expect(await detail.locator('.history > li').count()).toBe(2)
      expect(await detail.locator('a').count()).toBe(0)
    }
    expect(await page.locator('script, img, svg, iframe, object, style, link').count()).toBe(before)
    expect(await page.evaluate('Object.keys(Object.prototype).length')).toBe(0)
    expect(requests).toEqual([])
    expect(await site.clients()).toBe(1)
    expect(faults).toEqual([])
  })

  it('cannot be made to run by the page: the policy refuses it', async () => {
    const site = await openBridge()
    const { page, faults } = await visitPage(browser, site)
    await page.evaluate(`try { document.body.innerHTML += '<img src=x onerror=alert(1)>' } catch {}`)
    await expect.poll(() => faults.length).toBeGreaterThan(0)
    expect(await page.locator('img').count()).toBe(0)
  })
})

describe('2000 alerts at once', () => {
  it('are taken, the newest 500 superevents kept, and the page answers meanwhile', async () => {
    const site = await openBridge()
    const { page, rows, ids, state } = await visitPage(browser, site)
    await expect.poll(() => state.textContent()).toBe('Live')
    await page.evaluate(`{
      let last = performance.now()
      globalThis.longest = 0
      const frame = now => { globalThis.longest = Math.max(globalThis.longest, now - last); last = now; requestAnimationFrame(frame) }
      requestAnimationFrame(frame)
    }`)
    const [alert] = sampleAlerts(['INITIAL'], { skymapBytes: 3_000 })
    site.append(...Array.from({ length: 2_000 }, (_, n) => ({ ...alert, superevent_id: `S${n}` })))
    await page.getByLabel('Text').fill('S19')
    await expect
      .poll(() => page.locator('#kept').textContent(), { timeout: 30_000 })
      .toBe('2 000 messages came; the newest 500 are kept, 1 500 older ones were let go.')
    await expect.poll(() => rows.count()).toBe(100)
    await page.getByLabel('Text').fill('')
    await expect.poll(() => rows.count()).toBe(500)
    expect((await ids()).slice(0, 2)).toEqual(['S1999', 'S1998'])
    expect(await page.evaluate('globalThis.longest')).toBeLessThan(1_000)
    console.log(`2000 alerts: the longest wait for a frame was ${Math.round(await page.evaluate('globalThis.longest'))} ms`)
  })
})
