import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { findChromium } from '../../bed/chromium.ts'

export async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium()
  if (!executablePath) throw new Error('Chromium was not found: node scripts/prepare.mjs --browser')
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

export interface Visit {
  readonly page: Page
  /** What the page threw and did not catch. */
  readonly faults: readonly string[]
}

/** Opens an address in a tab; in a browser profile of its own unless one is given. */
export async function visit(browser: Browser | BrowserContext, url: string): Promise<Visit> {
  const context = 'newContext' in browser ? await browser.newContext() : browser
  const page = await context.newPage()
  onTestFinished(() => ('newContext' in browser ? context.close() : page.close()))
  const faults: string[] = []
  page.on('pageerror', error => faults.push(String(error)))
  await page.goto(url)
  return { page, faults }
}
