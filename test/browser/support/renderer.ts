import type { Browser, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'

/** Stops the process that runs a page (SIGSTOP), as a browser does with a tab that sleeps; gives what lets it go on. */
export async function pauseRenderer(browser: Browser, page: Page): Promise<() => void> {
  for (const pid of await renderers(browser)) {
    process.kill(pid, 'SIGSTOP')
    if (!(await answers(page))) {
      let isPaused = true
      const resume = (): void => {
        if (isPaused) process.kill(pid, 'SIGCONT')
        isPaused = false
      }
      onTestFinished(resume)
      return resume
    }
    process.kill(pid, 'SIGCONT')
  }
  throw new Error('the page answers without any renderer')
}

async function renderers(browser: Browser): Promise<number[]> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id)
}

/** A page whose process is stopped never answers; how long the others take is bounded by this, ms. */
const LONGEST_ANSWER = 1_000

function answers(page: Page): Promise<boolean> {
  const answer = page.evaluate('true').then(
    () => true,
    () => false,
  )
  return Promise.race([answer, new Promise<boolean>(resolve => setTimeout(resolve, LONGEST_ANSWER, false))])
}
