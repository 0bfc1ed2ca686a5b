import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { BridgeStatus, FromBridgeOptions } from '../../src/browser.ts'
import { launchBrowser, visit } from './support/browser.ts'
import { buildPage, type Folder } from './support/pages.ts'
import { pauseRenderer } from './support/renderer.ts'
import { openSite } from './support/site.ts'

const TABS = 7

let lab: Folder
let browser: Browser
beforeAll(async () => {
  ;[lab, browser] = await Promise.all([buildPage('lab'), launchBrowser()])
})
afterAll(async () => {
  await browser?.close()
  lab?.remove()
})

const payloads = (page: Page): Promise<number[]> => page.evaluate('lab.records.map(({ payload }) => payload)')
const isConnected = async (page: Page): Promise<boolean> =>
  (await page.evaluate<BridgeStatus['type'][]>('lab.statuses.map(({ type }) => type)')).includes('connected')
const numbers = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n)

/** One browser profile: its tabs share what a browser has for a server. */
async function profile(): Promise<BrowserContext> {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  return context
}

async function openTab(context: BrowserContext, url: string, options: FromBridgeOptions): Promise<Page> {
  const { page } = await visit(context, url)
  await page.evaluate(`lab.listen(${JSON.stringify(options)})`)
  await expect.poll(() => isConnected(page)).toBe(true)
  return page
}

async function openTabs(context: BrowserContext, url: string, count: number, options: FromBridgeOptions = {}): Promise<Page[]> {
  const pages: Page[] = []
  for (let n = 0; n < count; n++) pages.push(await openTab(context, url, options))
  return pages
}

describe('tabs of one origin, by HTTP/1.1', () => {
  it('each with a connection of its own: six are served, the seventh page does not even load until one is closed', async () => {
    const { url, append, clients } = await openSite({ folder: lab.path })
    const context = await profile()
    const [first, ...others] = await openTabs(context, url, TABS - 1)
    expect(await clients()).toBe(TABS - 1)
    const seventh = await context.newPage()
    const loaded = seventh.goto(url)
    append(1)
    for (const page of others) await expect.poll(() => payloads(page)).toEqual([1])
    expect(seventh.url()).toBe('about:blank')
    await first!.close()
    await loaded
    expect(seventh.url()).toBe(`${url}/`)
  })

  it('that share one connection: each of seven gets each record', async () => {
    const { url, append, clients, streams } = await openSite({ folder: lab.path })
    const pages = await openTabs(await profile(), url, TABS, { tabs: 'lab' })
    append(...numbers(1, 20))
    for (const page of pages) await expect.poll(() => payloads(page)).toEqual(numbers(1, 20))
    expect(await clients()).toBe(1)
    expect(streams).toHaveLength(1)
  })

  it('that share one connection: when the tab that is connected closes another one goes on, none lost, none doubled', async () => {
    const { url, append, clients } = await openSite({ folder: lab.path })
    const [first, ...others] = await openTabs(await profile(), url, 4, { tabs: 'lab' })
    append(...numbers(1, 10))
    for (const page of others) await expect.poll(() => payloads(page)).toEqual(numbers(1, 10))
    append(...numbers(11, 20))
    await first!.close()
    append(...numbers(21, 30))
    for (const page of others) await expect.poll(() => payloads(page)).toEqual(numbers(1, 30))
    await expect.poll(clients).toBe(1)
  })

  it('that share one connection: one that comes later begins now', async () => {
    const { url, append } = await openSite({ folder: lab.path })
    const context = await profile()
    const [first] = await openTabs(context, url, 1, { tabs: 'lab' })
    append(1, 2)
    await expect.poll(() => payloads(first!)).toEqual([1, 2])
    const [late] = await openTabs(context, url, 1, { tabs: 'lab' })
    append(3)
    await expect.poll(() => payloads(late!)).toEqual([3])
    await first!.close()
    append(4)
    await expect.poll(() => payloads(late!)).toEqual([3, 4])
  })

  it('that share one connection: when the tab that is connected sleeps another one takes its place, and all have all when it is awake', async () => {
    const { url, append, clients, streams } = await openSite({ folder: lab.path, bridge: { heartbeat: 400 } })
    const context = await profile()
    const [first, second] = await openTabs(context, url, 2, { tabs: 'lab' })
    append(1)
    for (const page of [first!, second!]) await expect.poll(() => payloads(page)).toEqual([1])
    const resume = await pauseRenderer(browser, first!)
    append(2, 3)
    await expect.poll(() => payloads(second!)).toEqual([1, 2, 3])
    expect(streams).toHaveLength(2)
    resume()
    append(4)
    for (const page of [first!, second!]) await expect.poll(() => payloads(page)).toEqual([1, 2, 3, 4])
    await expect.poll(clients).toBe(1)
  })

  it('that share one connection: one that comes while the connected one sleeps does not wait for long', async () => {
    const { url, append } = await openSite({ folder: lab.path })
    const context = await profile()
    const [first] = await openTabs(context, url, 1, { tabs: 'lab' })
    await pauseRenderer(browser, first!)
    const [second] = await openTabs(context, url, 1, { tabs: 'lab' })
    append(1)
    await expect.poll(() => payloads(second!)).toEqual([1])
  })
})
