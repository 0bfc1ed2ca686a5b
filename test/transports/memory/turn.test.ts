import { afterEach, describe, expect, it, vi } from 'vitest'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.resetModules()
})

describe.each([
  { platform: 'Node', hasSetImmediate: true },
  { platform: 'a browser', hasSetImmediate: false },
])('turn() in $platform', ({ hasSetImmediate }) => {
  const load = async () => {
    vi.resetModules()
    if (!hasSetImmediate) vi.stubGlobal('setImmediate', undefined)
    return import('../../../src/transports/memory/turn.ts')
  }

  it('runs later, in order, after the promises of now', async () => {
    const { turn, settled } = await load()
    const order: string[] = []
    turn(() => {
      order.push('first')
      void Promise.resolve().then(() => order.push('promise of the first'))
    })
    turn(() => order.push('second'))
    void Promise.resolve().then(() => order.push('promise of now'))
    order.push('now')
    await settled()
    expect(order).toEqual(['now', 'promise of now', 'first', 'promise of the first', 'second'])
  })

  it('is settled when a turn of a turn of a turn is done', async () => {
    const { turn, settled } = await load()
    let depth = 0
    const dig = () => {
      if (++depth < 50) turn(dig)
    }
    turn(dig)
    await settled()
    expect(depth).toBe(50)
  })
})
