import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPage } from '../../scripts/page.ts'
import { IgwnAlertClient, silentLogger } from '../../src/index.ts'
import { MemoryTransport, sampleAlerts } from '../../src/testing.ts'
import { openBridge, visitPage } from './support/alertsPage.ts'
import { launchBrowser } from './support/browser.ts'
import { TOPIC } from './support/site.ts'

let browser: Browser
beforeAll(async () => {
  ;[browser] = await Promise.all([launchBrowser(), buildPage()])
})
afterAll(() => browser?.close())

const numbered = (from: number, to: number) => {
  const [alert] = sampleAlerts(['INITIAL'])
  return Array.from({ length: to - from + 1 }, (_, n) => ({ ...alert, superevent_id: `S${from + n}` }))
}
const range = (from: number, to: number): string[] => numbered(from, to).map(({ superevent_id }) => superevent_id)

describe('the connection', () => {
  it('resumes at another instance when the server is killed: none lost, none doubled, and the state said', async () => {
    const first = await openBridge()
    first.append(...numbered(1, 20))
    const { page, state, ids, rows, faults } = await visitPage(browser, first)
    await expect.poll(() => rows.count()).toBe(20)
    expect(await state.textContent()).toBe('Live')
    await first.kill()
    first.append(...numbered(21, 40))
    await expect.poll(() => state.textContent()).toMatch(/^Reconnecting/)
    expect(await page.title()).toMatch(/^Reconnecting/)
    expect(await page.locator('#connection-more').textContent()).toContain('the bridge is not reached')
    const second = await openBridge({ transport: first.transport, port: first.port })
    second.append(...numbered(41, 60))
    await expect.poll(() => rows.count(), { timeout: 40_000 }).toBe(60)
    expect(await state.textContent()).toBe('Live')
    expect(await page.locator('#connection-more').textContent()).toMatch(/resumed (now|\d+ s ago) where it was, after \d+ s/)
    expect(await ids()).toEqual(range(1, 60).reverse())
    expect(await page.locator('#kept').textContent()).toBe('60 messages came.')
    expect(await page.getByRole('list', { name: 'Notices' }).isVisible()).toBe(false)
    expect(faults).toEqual([])
  })

  it('says how long until it tries again', async () => {
    const site = await openBridge()
    const { state } = await visitPage(browser, site)
    await expect.poll(() => state.textContent()).toBe('Live')
    await site.kill()
    await expect.poll(() => state.textContent(), { timeout: 30_000, interval: 100 }).toMatch(/^Reconnecting in \d+ s$/)
  })

  it('says what did not come: how much, of what, and why', async () => {
    const first = await openBridge()
    first.append(...numbered(1, 5))
    const { page, rows, ids, state } = await visitPage(browser, first)
    await expect.poll(() => rows.count()).toBe(5)
    await first.kill()
    first.append(...numbered(6, 20))
    first.transport.log.truncate(TOPIC, 0, 17)
    await openBridge({ transport: first.transport, port: first.port })
    await expect.poll(() => rows.count(), { timeout: 40_000 }).toBe(8)
    expect(await ids()).toEqual([...range(1, 5), ...range(18, 20)].reverse())
    expect(await page.getByRole('list', { name: 'Notices' }).getByRole('listitem').allTextContents()).toEqual([
      `Gap: 12 messages of ${TOPIC} did not come, for the log no longer holds them.`,
    ])
    expect(await state.textContent()).toBe('Live')
  })

  it('goes on when another topic stands under the same name', async () => {
    const first = await openBridge()
    first.append(...numbered(1, 5))
    const { rows, page } = await visitPage(browser, first)
    await expect.poll(() => rows.count()).toBe(5)
    await first.kill()
    first.transport.log.recreateTopic(TOPIC, { partitions: 2 })
    first.append(...numbered(6, 7))
    await openBridge({ transport: first.transport, port: first.port })
    await expect.poll(() => rows.count(), { timeout: 40_000 }).toBe(7)
    await expect.poll(() => page.locator('#notices').textContent()).toContain('another topic stands under the same name now')
  })

  it('says which topics it may not read', async () => {
    const transport = new MemoryTransport()
    for (const topic of [TOPIC, 'gracedb.other']) transport.log.createTopic(topic, { partitions: 2 })
    const client = new IgwnAlertClient({ transport, logger: silentLogger })
    const streams = { client, topics: ['superevent', 'other'] }
    const site = await openBridge({ transport, bridge: { streams, authorize: ({ topic }) => topic.id === TOPIC } })
    const { state, page, rows } = await visitPage(browser, site, { hash: '#topics=superevent,other,nonsense&from=latest' })
    await expect.poll(() => state.textContent()).toBe('Live')
    expect(await page.locator('#connection-more').textContent()).toBe(TOPIC)
    expect(await page.getByRole('list', { name: 'Notices' }).getByRole('listitem').allTextContents()).toEqual([
      'Refused: nonsense, for there is no such topic.',
      'Refused: other, for it may not be read.',
    ])
    site.append(...numbered(2, 2))
    await expect.poll(() => rows.count()).toBe(1)
    expect(page.url()).toContain('#topics=')
    await client.close()
  })
})

describe('a token', () => {
  const TOKEN = 'a-token.of-the-test'

  it('is asked for where the bridge wants one, and is never in an address', async () => {
    const site = await openBridge({ bridge: { authorize: ({ token }) => token === TOKEN } })
    site.append(...numbered(1, 3))
    const { page, rows, state, faults } = await visitPage(browser, site)
    const addresses: string[] = []
    page.on('request', request => addresses.push(request.url()))
    const field = page.getByLabel('Token', { exact: true })
    await expect.poll(() => field.isVisible()).toBe(true)
    expect(await state.textContent()).toBe('Closed')
    await field.fill('wrong')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.locator('#token-why').textContent()).toContain('the bridge answered 403')
    await field.fill('no token\n')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.locator('#token-why').textContent()).toContain('That is no token')
    await field.fill(TOKEN)
    await page.keyboard.press('Enter')
    await expect.poll(() => rows.count()).toBe(3)
    expect(await field.isVisible()).toBe(false)
    expect(addresses.join('\n')).toContain('/stream')
    expect(addresses.filter(address => address.includes(TOKEN))).toEqual([])
    await page.reload()
    await expect.poll(() => field.isVisible()).toBe(true)
    expect(faults).toEqual([])
  })

  it('is kept with the tab if one says so, and no longer than it counts', async () => {
    let good = TOKEN
    const site = await openBridge({ bridge: { authorize: ({ token }) => token === good } })
    site.append(...numbered(1, 3))
    const { page, rows } = await visitPage(browser, site)
    const field = page.getByLabel('Token', { exact: true })
    await page.getByLabel('Keep it until this tab is closed').check()
    await field.fill(TOKEN)
    await page.keyboard.press('Enter')
    await expect.poll(() => rows.count()).toBe(3)
    await page.reload()
    await expect.poll(() => rows.count()).toBe(3)
    good = 'another'
    site.cut()
    await expect.poll(() => field.isVisible(), { timeout: 20_000 }).toBe(true)
    expect(await rows.count()).toBe(3)
    expect(await page.evaluate('sessionStorage.length')).toBe(0)
    site.append(...numbered(4, 5))
    await field.fill(good)
    await page.keyboard.press('Enter')
    await expect.poll(() => rows.count()).toBe(5)
    expect(await page.locator('#kept').textContent()).toBe('5 messages came.')
  })
})
