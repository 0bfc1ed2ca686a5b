import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { openSite, type Site, type SiteOptions } from './site.ts'

/** A bridge with its page, below /alerts. */
export const openBridge = ({ bridge, ...options }: Partial<SiteOptions> = {}): Promise<Site> =>
  openSite({ folder: '/nonexistent', ...options, bridge: { ui: true, tests: 'include', ...bridge } })

export interface AlertsPage {
  readonly page: Page
  /** What is not to be: uncaught errors, what the policy refused, dialogs. */
  readonly faults: readonly string[]
  readonly rows: Locator
  readonly row: (id: string) => Locator
  readonly state: Locator
  readonly detail: Locator
  /** Ids of the superevents that the list shows. */
  ids(): Promise<string[]>
}

export async function visitPage(
  browser: Browser,
  { url }: Pick<Site, 'url'>,
  { hash = '', ...options }: BrowserContextOptions & { readonly hash?: string } = {},
): Promise<AlertsPage> {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', error => faults.push(String(error)))
  page.on('dialog', dialog => {
    faults.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', message => {
    if (/Content.Security.Policy|TrustedHTML/i.test(message.text())) faults.push(message.text())
  })
  await page.addInitScript(
    `addEventListener('securitypolicyviolation', ({ violatedDirective }) => console.log('Content Security Policy', violatedDirective))`,
  )
  await page.goto(`${url}/alerts/${hash}`)
  const rows = page.locator('#rows tr')
  return {
    page,
    faults,
    rows,
    row: id => rows.filter({ has: page.getByRole('link', { name: id, exact: true }) }),
    state: page.locator('#connection-state'),
    detail: page.locator('#detail'),
    ids: () => rows.locator('a').allTextContents(),
  }
}
