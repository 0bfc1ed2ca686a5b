import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../bed/run.ts'
import { launchBrowser, visit } from './support/browser.ts'
import { type Folder, temporaryFolder } from './support/pages.ts'
import { openSite } from './support/site.ts'

const project = fileURLToPath(new URL('../../examples/front-ends/', import.meta.url))
const read = (path: string): string => readFileSync(`${project}${path}`, 'utf8')
const FRONT_ENDS = ['plain', 'react', 'vue', 'svelte', 'angular']

const HOSTILE = [
  '<img src="x" onerror="globalThis.hacked = true">',
  '</li></ul><script>globalThis.hacked = true</script>',
  '{{ constructor.constructor("globalThis.hacked = true")() }}',
  'one\r\n\r\nevent: bye\ndata: {"reason":"closing","retryMs":0}\n\ntwo\u2028three',
]

let built: Folder
let browser: Browser
beforeAll(async () => {
  built = temporaryFolder()
  ;[browser] = await Promise.all([launchBrowser(), run('npm', ['run', 'build', '--', '--outDir', built.path], { cwd: project })])
})
afterAll(async () => {
  await browser?.close()
  built.remove()
})

const site = (bridge = {}) => openSite({ folder: built.path, bridge })
const alert = (superevent_id: string, alert_type = 'INITIAL') => ({ superevent_id, alert_type })
const items = (page: Page): Promise<string[]> => page.locator('li').allTextContents()
const shown = async (page: Page): Promise<string[]> => (await items(page)).map(text => text.trim())

describe('the front ends', () => {
  it('stand in the README as they are', () => {
    const blocks = [...read('README.md').matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms)].map(([, file = '', text]) => [file, text] as const)
    expect(blocks).toHaveLength(FRONT_ENDS.length + 1)
    for (const [file, text] of blocks) expect(text, file).toBe(read(file))
  })

  it('fit the types of the library, templates too', async () => {
    await run('npm', ['run', 'types'], { cwd: project })
  }, 180_000)
})

describe.each(FRONT_ENDS)('%s', name => {
  it('shows alerts as they come, over one connection', async () => {
    const { url, append, clients, streams } = await site()
    const { page, faults } = await visit(browser, `${url}/${name}/`)
    await expect.poll(clients).toBe(1)
    append(alert('S1', 'PRELIMINARY'))
    await expect.poll(() => shown(page)).toEqual(['PRELIMINARY S1'])
    append(alert('S1'), alert('S2'))
    await expect.poll(() => shown(page)).toEqual(['INITIAL S2', 'INITIAL S1', 'PRELIMINARY S1'])
    expect(streams).toHaveLength(1)
    expect(faults).toEqual([])
  })

  it('closes the connection when it is taken down, and opens one when it is back', async () => {
    const { url, append, clients } = await site()
    const { page, faults } = await visit(browser, `${url}/${name}/`)
    const button = page.getByRole('button')
    await expect.poll(clients).toBe(1)
    await button.filter({ hasText: 'Hide' }).click()
    await expect.poll(clients).toBe(0)
    await button.filter({ hasText: 'Show' }).click()
    await expect.poll(clients).toBe(1)
    append(alert('S3'))
    await expect.poll(() => shown(page)).toEqual(['INITIAL S3'])
    expect(faults).toEqual([])
  })

  it('shows the error that ended the stream', async () => {
    const { url } = await site({ authorize: () => false })
    const { page, faults } = await visit(browser, `${url}/${name}/`)
    await expect.poll(() => page.getByRole('alert').allTextContents()).toEqual([expect.stringContaining('the bridge answered 401')])
    expect(faults).toEqual([])
  })

  it('shows markup and line breaks as the text they are', async () => {
    const { url, append, clients } = await site()
    const { page, faults } = await visit(browser, `${url}/${name}/`)
    await expect.poll(clients).toBe(1)
    append(...HOSTILE.map(text => alert(text)))
    await expect.poll(() => items(page).then(({ length }) => length)).toBe(HOSTILE.length)
    const texts = (await shown(page)).map(text => text.replace('INITIAL ', ''))
    expect(texts).toEqual([...HOSTILE].reverse())
    expect(await page.locator('img, li script').count()).toBe(0)
    expect(await page.evaluate('globalThis.hacked')).toBeUndefined()
    expect(await clients()).toBe(1)
    expect(faults).toEqual([])
  })
})
