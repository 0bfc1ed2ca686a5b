import { firstValueFrom, Subject } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { Cursor } from '../../src/cursor.ts'
import { AlertError } from '../../src/errors.ts'
import type { Position } from '../../src/place.ts'
import { Checkpoint } from '../../src/sources/Checkpoint.ts'
import { NOTHING_LEFT, Rig } from './rig.ts'
import { Store } from './Store.ts'

describe('a Checkpoint that is subscribed again', () => {
  const cursorAt = (rig: Rig, ...positions: readonly Position[]): string =>
    Cursor.of(rig.transport.server, rig.clock.now(), positions).toString()
  /** A checkpoint whose first subscription has handled what the rig holds, and has ended. */
  async function handled(rig: Rig, store: Store): Promise<Checkpoint> {
    const from = new Checkpoint('earliest', store)
    const heard = rig.hear({ from })
    await rig.settle()
    heard.stop()
    await rig.settle()
    return from
  }

  it('takes its store again, and lets it go each time', async () => {
    const rig = Rig.holding([0, 1])
    const store = new Store()
    const calls: string[] = []
    store.load = async () => {
      calls.push('load')
      return store.text
    }
    const from = await handled(rig, Object.assign(store, { release: async () => void calls.push('release') }))
    const again = rig.hear({ from })
    await rig.settle()
    expect([calls, again.got]).toEqual([['load', 'release', 'load'], []])
    again.stop()
    await rig.settle()
    expect(calls).toEqual(['load', 'release', 'load', 'release'])
  })

  it('goes on where another process has come to meanwhile', async () => {
    const rig = Rig.holding([0, 1])
    const store = new Store()
    const from = await handled(rig, store)
    rig.append('t', [2, 3, 4])
    store.text = cursorAt(rig, { topic: 't', partition: 0, offset: 4 })
    const again = rig.hear({ from })
    await rig.settle()
    again.stop()
    await rig.settle()
    expect([again.got, store.offset]).toEqual([['4'], 5])
  })

  it('goes on where it was itself when its last saving failed, also where another process is behind that', async () => {
    const rig = Rig.holding([0, 1])
    const store = new Store()
    const from = new Checkpoint('earliest', store)
    const first = rig.hear({ from })
    await rig.clock.advance(5_000)
    rig.append('t', [2, 3])
    await rig.settle()
    store.breaks = true
    first.stop()
    await rig.settle()
    store.breaks = false
    expect(store.offset).toBe(2)
    const second = rig.hear({ from })
    await rig.settle()
    store.breaks = true
    second.stop()
    await rig.settle()
    store.breaks = false
    store.text = cursorAt(rig, { topic: 't', partition: 0, offset: 3 })
    const third = rig.hear({ from })
    await rig.settle()
    third.stop()
    await rig.settle()
    expect([second.got, third.got, store.offset]).toEqual([[], [], 4])
  })

  it('begins a topic anew that another process has found anew', async () => {
    const rig = Rig.holding([0, 1, 2])
    const store = new Store()
    const from = await handled(rig, store)
    rig.log.recreateTopic('t')
    rig.append('t', ['a', 'b'])
    const { topicId } = (await handled(rig, new Store())).cursor!.positions[0]!
    store.text = cursorAt(rig, { topic: 't', partition: 0, offset: 1, topicId })
    const again = rig.hear({ from })
    await rig.settle()
    expect(again.got).toEqual(['b'])
    expect(rig.said('gap')).toEqual([])
  })

  it('keeps its place when what the store held was removed', async () => {
    const rig = Rig.holding([0, 1])
    const store = new Store()
    const from = await handled(rig, store)
    store.text = undefined
    const again = rig.hear({ from })
    await rig.settle()
    again.stop()
    await rig.settle()
    expect([again.got, store.offset]).toEqual([[], 2])
  })

  it('writes nothing into a store that refuses it', async () => {
    const rig = Rig.holding([0])
    const store = new Store()
    store.breaks = true
    const from = new Checkpoint('earliest', store)
    store.load = async () => undefined
    const first = rig.hear({ from })
    await rig.settle()
    first.stop()
    await rig.settle()
    store.breaks = false
    store.load = () => Promise.reject(new AlertError('ALERT_SHARED', 'It is another process', { fatal: true }))
    const second = rig.hear({ from })
    await rig.settle()
    expect(second.errors).toMatchObject([{ code: 'ALERT_SHARED' }])
    expect([from.cursor?.offset('t', 0), store.saved]).toEqual([1, []])
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('keeps its store when a saving of the subscription before ends late', async () => {
    const rig = Rig.holding([0])
    const calls: string[] = []
    const hanging = new Subject<void>()
    let hangs = false
    const store = Object.assign(new Store(), {
      save: () => (hangs ? firstValueFrom(hanging) : Promise.resolve()),
      release: async () => void calls.push('release'),
    })
    const from = new Checkpoint('earliest', store)
    const first = rig.hear({ from })
    await rig.settle()
    hangs = true
    first.stop()
    await rig.clock.advance(60_000)
    hangs = false
    rig.append('t', [1])
    const second = rig.hear({ from })
    await rig.settle()
    expect(second.got).toEqual(['1'])
    hanging.next()
    await rig.settle()
    expect(calls).toEqual([])
    second.stop()
    await rig.settle()
    expect(calls).toEqual(['release'])
  })
})
