import { describe, expect, it } from 'vitest'
import { Catalog } from '../../../src/bridge/server/Catalog.ts'
import { Rights } from '../../../src/bridge/server/Rights.ts'
import { silentLogger } from '../../../src/status.ts'
import { VirtualClock } from '../../../src/testing/VirtualClock.ts'

const TOPIC = { id: 't', server: 'memory', group: null, topic: 't', fullTopic: 't' }
const CALLER = { token: 'a-token', address: undefined }

describe('an authorize()', () => {
  const rightsOf = (clock: VirtualClock, authorize: () => Promise<boolean>, said: string[] = []): Rights =>
    new Rights(authorize, new Catalog(), { ...silentLogger, error: (_, text) => said.push(text) }, clock)

  it('that does not answer counts as no after 10 s, and is told', async () => {
    const clock = new VirtualClock()
    const said: string[] = []
    const answers: boolean[] = []
    void rightsOf(clock, () => new Promise(() => {}), said)
      .mayRead(TOPIC, CALLER)
      .then(answer => answers.push(answer))
    await clock.advance(9_999)
    expect(answers).toEqual([])
    await clock.advance(1)
    expect(answers).toEqual([false])
    expect(said).toEqual(['authorize() failed, which counts as no: it gave no answer in 10000 ms'])
  })

  it('that answers, or throws at once, leaves no timer', async () => {
    const clock = new VirtualClock()
    expect(await rightsOf(clock, async () => true).mayRead(TOPIC, CALLER)).toBe(true)
    const throws = (): never => {
      throw new Error('no such token')
    }
    expect(await rightsOf(clock, throws).mayRead(TOPIC, CALLER)).toBe(false)
    expect(clock.pending).toBe(0)
  })
})
