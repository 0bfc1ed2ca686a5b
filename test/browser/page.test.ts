import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildPage } from '../../scripts/page.ts'
import { writeAvro } from '../../src/index.ts'
import { type SampleAlert, sampleAlerts, sampleNight } from '../../src/testing.ts'
import { openBridge, visitPage } from './support/alertsPage.ts'
import { launchBrowser } from './support/browser.ts'
import { type Site, TOPIC } from './support/site.ts'

let browser: Browser
beforeAll(async () => {
  ;[browser] = await Promise.all([launchBrowser(), buildPage()])
})
afterAll(() => browser?.close())

const text = new TextEncoder()
const header = (name: string, value: string) => ({ name, value: text.encode(value) })

/** Publishes the night of `npm run demo`, all of it to one topic. */
function publishNight({ transport: { log } }: Site): void {
  for (const { what, payload } of sampleNight()) {
    const value = payload instanceof Uint8Array ? payload : JSON.stringify(payload)
    log.append(TOPIC, { value, timestamp: Date.now(), partition: 0, headers: what === 'test' ? [header('_test', 'true')] : [] })
  }
}

const idsOfNight = (): SampleAlert[] => sampleNight().flatMap(({ payload }) => (payload instanceof Uint8Array ? [] : [payload]))

/** What is in a cell of a row, as one reads it. */
const cells = { type: '.badge', far: '.far', instruments: '.instruments', source: '.bars li' }

describe('the list', () => {
  it('shows the superevents of the night, newest first, and what could not be read as a plain row', async () => {
    const site = await openBridge()
    publishNight(site)
    const { page, faults, rows, row, ids } = await visitPage(browser, site)
    const expected = new Set(idsOfNight().map(({ superevent_id }) => superevent_id))
    await expect.poll(() => rows.count()).toBe(expected.size)
    const [merger] = sampleAlerts(['UPDATE'])
    const [, retracted] = sampleAlerts(['PRELIMINARY', 'RETRACTION'], { seed: 2 })
    expect((await ids())[0]).toBe(merger!.superevent_id)
    const shown = row(merger!.superevent_id)
    expect(await shown.locator(cells.type).textContent()).toBe('UPDATE')
    expect(await shown.locator(cells.far).textContent()).toMatch(/^1 per [\d. ]+ (years|days)$/)
    expect(await shown.locator(cells.instruments).textContent()).toBe(merger!.event!.instruments.join(' '))
    const shares = merger!.event!.classification
    const said = await shown.locator(cells.source).allTextContents()
    expect(said.map(text => text.split(' ')[0])).toEqual(['BNS', 'NSBH', 'BBH', 'Terrestrial'])
    expect(said[0]).toBe(`BNS ${Math.round(shares['BNS']! * 100)} %`)
    const widths = await page.evaluate<string[]>(
      `[...document.querySelectorAll('[data-id="${merger!.superevent_id}"] .fill')].map(({ style }) => style.inlineSize)`,
    )
    expect(Number.parseFloat(widths[0]!)).toBeCloseTo(shares['BNS']! * 100, 3)
    expect(
      await rows
        .filter({ has: page.locator('.badge[data-type=RETRACTION]') })
        .locator('.source')
        .allTextContents(),
    ).toEqual(['withdrawn: not an astrophysical event'])
    expect(retracted!.event).toBeNull()
    const marked = async (id: string): Promise<string[]> => row(id).locator('.mark').allTextContents()
    for (const id of expected) expect(await marked(id), id).toEqual(id.startsWith('MS') ? ['mock'] : id.startsWith('TS') ? ['test'] : [])
    const others = page.getByRole('list', { name: 'Other messages' }).getByRole('listitem')
    expect(await others.allTextContents()).toEqual([expect.stringContaining(`${TOPIC}[0]@3`)])
    expect(faults).toEqual([])
  })

  it('takes alerts as SCiMMA, GCN and GraceDB send them', async () => {
    const site = await openBridge()
    const { log } = site.transport
    const [alert] = sampleAlerts(['INITIAL'], { seed: 4 })
    const { skymap: _, ...event } = alert!.event!
    const avro = { ...alert, superevent_id: 'S1a', event: { ...event, skymap: new Uint8Array(40_000) }, external_coinc: null }
    log.append(TOPIC, { value: writeAvro([avro]), headers: [header('_format', 'avro')], partition: 0 })
    site.append({ ...alert, superevent_id: 'S1b' })
    const news = {
      uid: 'S250101c',
      alert_type: 'label_added',
      data: { name: 'EM_READY' },
      object: { far: 1e-9, labels: ['EM_READY'], preferred_event_data: { instruments: 'H1,V1', pipeline: 'pycbc' } },
    }
    site.append(JSON.stringify(news))
    const { row, rows, page } = await visitPage(browser, site)
    await expect.poll(() => rows.count()).toBe(3)
    for (const id of ['S1a', 'S1b']) expect(await row(id).locator(cells.instruments).textContent()).toBe(event.instruments.join(' '))
    expect(await row('S250101c').locator('.badge, .far, .instruments').allTextContents()).toEqual([
      'label_added',
      '1 per 32 years',
      'H1 V1',
    ])
    await row('S1a').getByRole('link').click()
    await expect.poll(() => page.getByRole('img', { name: /^Place for the sky map of S1a: 40 kB/ }).isVisible()).toBe(true)
  })

  it('is a table with names, between landmarks, for those who do not see it', async () => {
    const site = await openBridge()
    site.append(...sampleAlerts(['PRELIMINARY']))
    const { page, rows } = await visitPage(browser, site)
    await expect.poll(() => rows.count()).toBe(1)
    const [{ superevent_id: id }] = sampleAlerts(['PRELIMINARY']) as [SampleAlert]
    const tree = await page.locator('body').ariaSnapshot()
    for (const line of [
      /- banner:/,
      /- main:/,
      /- search "Filters":/,
      /- region "Superevents 1":/,
      /- table "Superevents 1":/,
      /- row "Superevent Latest alert Source False alarms Instruments Age":/,
      new RegExp(`- rowheader "${id}":\\s+- link "${id}"`),
      /- cell "PRELIMINARY"/,
      new RegExp(`- list "Classification of ${id}":\\s+- listitem: BNS \\d+ %`),
      /- cell "1 per /,
      /- heading "Gravitational-wave alerts" \[level=1\]/,
      /- status/,
    ])
      expect(tree).toMatch(line)
  })

  it('keeps ages up to date', async () => {
    const site = await openBridge()
    const made = new Date(Date.now() - 57_000).toISOString()
    site.append({ ...sampleAlerts(['INITIAL'])[0], time_created: made })
    const { rows } = await visitPage(browser, site)
    const age = (): Promise<string | null> => rows.locator('.age').textContent()
    await expect.poll(age).toMatch(/^5\d s ago$/)
    await expect.poll(age, { timeout: 10_000 }).toBe('1 min ago')
  })

  it('says aloud what is new, together and not at once', async () => {
    const site = await openBridge()
    const { page, state } = await visitPage(browser, site)
    await expect.poll(() => state.textContent()).toBe('Live')
    const said = page.getByRole('status')
    site.append(...[1, 2, 3].flatMap(seed => sampleAlerts(['PRELIMINARY'], { seed })))
    await expect
      .poll(() => said.textContent(), { timeout: 10_000 })
      .toMatch(/^3 superevents have new alerts, the latest: S\w+: PRELIMINARY, BNS \d+ %, false alarms 1 per /)
  })
})

describe('a superevent', () => {
  it('has its history, newest first, with what changed', async () => {
    const site = await openBridge()
    const [early, preliminary] = sampleAlerts(['EARLYWARNING', 'PRELIMINARY'])
    site.append(early, preliminary)
    const { page, row, detail } = await visitPage(browser, site)
    await row(early!.superevent_id).getByRole('link').click()
    const chapters = detail.getByRole('list', { name: 'History, newest first' }).locator(':scope > li')
    await expect.poll(() => chapters.count()).toBe(2)
    expect(await chapters.locator('.badge').allTextContents()).toEqual(['PRELIMINARY', 'EARLYWARNING'])
    expect(await chapters.nth(0).locator('ul li').allTextContents()).toEqual([expect.stringMatching(/^false alarms: 1 per .* → 1 per /)])
    expect(await chapters.locator('.place').allTextContents()).toEqual([`${TOPIC}[0]@1`, `${TOPIC}[0]@0`])
    site.append({ ...preliminary, alert_type: 'RETRACTION', time_created: '2025-08-18T03:00:00Z', event: null })
    await expect.poll(() => chapters.first().locator('ul li').allTextContents()).toEqual(['withdrawn: not an astrophysical event'])
    expect(await chapters.first().locator('time').first().textContent()).toBe('2025-08-18 03:00:00 UTC')
    expect(page.url()).toContain(`id=${early!.superevent_id}`)
  })

  it('is reached, read and left by the keyboard', async () => {
    const site = await openBridge()
    site.append(...[1, 2, 3].flatMap(seed => sampleAlerts(['INITIAL'], { seed })))
    const { page, rows, detail, ids } = await visitPage(browser, site)
    await expect.poll(() => rows.count()).toBe(3)
    const [first, second, third] = await ids()
    const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent')
    await page.locator('#filter-tests').focus()
    await page.keyboard.press('Tab')
    expect(await focused()).toBe(first)
    await page.keyboard.press('ArrowDown')
    expect(await focused()).toBe(second)
    await page.keyboard.press('End')
    expect(await focused()).toBe(third)
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('Enter')
    await expect.poll(() => detail.isVisible()).toBe(true)
    expect(await focused()).toBe(second)
    expect(await page.evaluate('document.activeElement.id')).toBe('detail-title')
    // What comes meanwhile takes the focus from nobody.
    site.append(...sampleAlerts(['UPDATE'], { seed: 3 }), ...sampleAlerts(['INITIAL'], { seed: 9 }))
    await expect.poll(() => rows.count()).toBe(4)
    expect(await page.evaluate('document.activeElement.id')).toBe('detail-title')
    await page.keyboard.press('Escape')
    await expect.poll(() => detail.isVisible()).toBe(false)
    expect(await focused()).toBe(second)
    site.append(...sampleAlerts(['UPDATE'], { seed: 2 }))
    await expect.poll(async () => (await ids())[0]).toBe(second)
    expect(await focused()).toBe(second)
  })
})

describe('the filters', () => {
  it('choose by type, rarity, text, retraction and test; the address keeps them', async () => {
    const site = await openBridge()
    publishNight(site)
    const { page, rows, ids } = await visitPage(browser, site)
    await expect.poll(() => rows.count()).toBeGreaterThan(3)
    const all = await ids()
    await page.getByLabel('Hide tests and mocks').check()
    await expect.poll(ids).toEqual(all.filter(id => id.startsWith('S')))
    await page.getByLabel('Hide retracted').check()
    await page.getByLabel('False alarms').selectOption('month')
    const [{ superevent_id: id }] = sampleAlerts(['UPDATE']) as [SampleAlert]
    await expect.poll(ids).toEqual([id])
    await page.reload()
    await expect.poll(ids).toEqual([id])
    expect(await page.getByLabel('Hide retracted').isChecked()).toBe(true)
    await page.getByLabel('update').uncheck()
    await expect.poll(() => page.getByText('None of them passes the filters.').isVisible()).toBe(true)
    await page.getByRole('button', { name: 'Show all' }).click()
    await expect.poll(ids).toEqual(all)
    await page.getByRole('searchbox').fill('mock ms2')
    await expect.poll(ids).toEqual(all.filter(id => id.startsWith('MS')))
    expect(page.url()).toMatch(/#text=mock\+ms2$/)
    expect(await page.locator('#count').textContent()).toBe(`1 of ${all.length}`)
  })
})
