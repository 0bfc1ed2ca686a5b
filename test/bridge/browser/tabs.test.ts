import { firstValueFrom } from 'rxjs'
import { expect, it } from 'vitest'
import { fromBridge } from '../../../src/browser.ts'
import { serve } from '../serve.ts'

// Tabs themselves: test/browser/tabs.test.ts.
it('tabs can share only a connection that starts now', () => {
  expect(() => fromBridge('http://bridge.invalid', { tabs: 'x', from: 'earliest' })).toThrow(/tabs and from: 'earliest'/)
})

it('where the platform has no locks a stream with tabs has a connection of its own', async () => {
  const { url, append } = await serve()
  const first = firstValueFrom(fromBridge(url, { tabs: 'x' }))
  const feed = setInterval(append, 20, 'news')
  expect((await first).payload).toBe('news')
  clearInterval(feed)
})
