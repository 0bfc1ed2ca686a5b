import { firstValueFrom, Subject, take } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { Cursor } from '../../src/cursor.ts'
import { handle } from '../../src/operators/handle.ts'
import { Checkpoint } from '../../src/sources/Checkpoint.ts'
import { LiveReadings } from '../../src/sources/LiveReadings.ts'
import { Heard, NOTHING_LEFT, Rig, textOf } from './rig.ts'
import { Store } from './Store.ts'

describe('from: Checkpoint', () => {
  it('begins where it is told to while there is nothing to resume', async () => {
    const rig = Rig.holding([0, 1])
    const heard = rig.hear({ from: new Checkpoint('earliest') })
    await rig.settle()
    expect(heard.got).toEqual(['0', '1'])
  })

  it('saves a found start before it is read from: else a crash before the first record would start at a later latest', async () => {
    const rig = Rig.holding([0, 1])
    const store = new Store()
    rig.hear({ from: new Checkpoint('latest', store) })
    await rig.settle()
    expect([rig.said('positioned').length, store.offset]).toEqual([1, 2])
  })

  it('waits for that no longer than 2 s', async () => {
    const rig = Rig.holding([0, 1])
    const store = Object.assign(new Store(), { save: () => new Promise<void>(() => {}) })
    const heard = rig.hear({ from: new Checkpoint('earliest', store) })
    await rig.clock.advance(1_900)
    expect([rig.said('positioned').length, heard.got]).toEqual([0, []])
    await rig.clock.advance(200)
    await rig.settle()
    expect([rig.said('positioned').length, heard.got]).toEqual([1, ['0', '1']])
  })

  it('resumes at what was handled', async () => {
    const rig = Rig.holding([0, 1])
    const from = new Checkpoint('earliest')
    const stream = rig.stream({ from })
    const first = new Heard(stream.pipe(take(1)))
    await rig.settle()
    rig.append('t', [2])
    const second = new Heard(stream)
    await rig.settle()
    expect([first.got, second.got]).toEqual([['0'], ['0', '1', '2']])
    second.stop()
    await rig.settle()
    expect(from.cursor?.offset('t', 0)).toBe(3)
    const third = new Heard(stream)
    await rig.settle()
    expect(third.got).toEqual([])
    expect(rig.said('gap')).toEqual([])
  })

  it('gives firstValueFrom() the same record again, for nobody said that it is done', async () => {
    const rig = Rig.holding([0, 1])
    const stream = rig.stream({ from: new Checkpoint('earliest') })
    const done = (): Promise<string> => firstValueFrom(stream.pipe(handle(async record => textOf(record))))
    const records = [firstValueFrom(stream).then(textOf)]
    await rig.settle()
    records.push(firstValueFrom(stream).then(textOf))
    await rig.settle()
    records.push(done())
    await rig.settle()
    records.push(done())
    await rig.settle()
    expect(await Promise.all(records)).toEqual(['0', '0', '0', '1'])
  })

  it('loads from its store, and goes on there in another process', async () => {
    const rig = Rig.holding([0, 1])
    const store = new Store()
    const first = rig.hear({ from: new Checkpoint('earliest', store) })
    await rig.settle()
    first.stop()
    await rig.settle()
    rig.append('t', [2])
    const second = rig.hear({ from: new Checkpoint('earliest', new Store(store.text)) })
    await rig.settle()
    expect(second.got).toEqual(['2'])
  })

  it('saves records handled by default every autoCommitInterval, and when it ends', async () => {
    const rig = Rig.holding([0])
    const store = new Store()
    const heard = rig.hear({ from: new Checkpoint('earliest', store) })
    await rig.clock.advance(4_999)
    expect(store.offset).toBe(0)
    await rig.clock.advance(1)
    expect(store.offset).toBe(1)
    rig.append('t', [1])
    await rig.settle()
    heard.stop()
    await rig.settle()
    expect(store.offset).toBe(2)
    expect(store.saved).toHaveLength(3)
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('saves acked records at once, one save at a time', async () => {
    const rig = Rig.holding([0, 1, 2])
    const store = new Store()
    const saving = new Subject<void>()
    store.save = cursor => {
      store.text = cursor
      store.saved.push(cursor)
      return firstValueFrom(saving)
    }
    rig.stream({ from: new Checkpoint('earliest', store), delivery: 'manual' }).subscribe(record => record.ack())
    await rig.settle()
    saving.next() // the start that was found
    await rig.settle()
    rig.append('t', [3])
    await rig.settle()
    rig.append('t', [4])
    await rig.settle()
    expect(store.saved.map(text => Cursor.parse(text).offset('t', 0))).toEqual([0, 3])
    saving.next()
    await rig.settle()
    expect(store.saved.map(text => Cursor.parse(text).offset('t', 0))).toEqual([0, 3, 5])
  })

  it('says that a store is broken, and tries again', async () => {
    const rig = Rig.holding([0])
    const store = new Store()
    const heard = rig.hear({ from: new Checkpoint('earliest', store) })
    await rig.settle()
    store.breaks = true
    await rig.clock.advance(5_000)
    expect(rig.logged.filter(({ level }) => level === 'error').map(({ message }) => message)).toEqual([
      'the checkpoint was not saved: the disk is full. It is tried again',
    ])
    store.breaks = false
    await rig.clock.advance(5_000)
    expect(store.offset).toBe(1)
    expect(heard.errors).toEqual([])
  })

  it.each([
    ['cannot be read', () => Object.assign(new Store(), { breaks: true }), /checkpoint.*the disk is gone/],
    ['holds something else', () => new Store('garbage'), /Not a cursor/],
  ])('ends the stream where its store %s', async (_, store, message) => {
    const rig = Rig.holding([0])
    const heard = rig.hear({ from: new Checkpoint('earliest', store()) })
    await rig.settle()
    expect(heard.errors).toHaveLength(1)
    expect(heard.errors[0]).toMatchObject({ code: 'ALERT_CONFIG', fatal: true, message: expect.stringMatching(message) })
    expect(rig.left).toEqual(NOTHING_LEFT)
  })

  it('has one live subscription', async () => {
    const rig = Rig.holding([0])
    const from = new Checkpoint('earliest')
    const first = rig.hear({ from })
    const second = rig.hear({ from })
    await rig.settle()
    expect(second.errors).toMatchObject([{ code: 'ALERT_SHARED', fatal: true }])
    rig.append('t', [1])
    await rig.settle()
    expect(first.got).toEqual(['0', '1'])
    expect(first.errors).toEqual([])
  })

  it('has one live subscription of all clients, and lets the next have it', async () => {
    const rig = Rig.holding([0])
    const store = new Store()
    const from = new Checkpoint('earliest', store)
    const first = rig.hear({ from })
    await rig.settle()
    const second = rig.hear({ from, live: new LiveReadings() })
    await rig.settle()
    expect(second.errors).toMatchObject([{ code: 'ALERT_SHARED', fatal: true }])
    rig.append('t', [1])
    await rig.settle()
    first.stop()
    await rig.settle()
    expect([first.got, store.offset]).toEqual([['0', '1'], 2])
    const third = rig.hear({ from, live: new LiveReadings() })
    rig.append('t', [2])
    await rig.settle()
    expect([third.got, third.errors]).toEqual([['2'], []])
  })

  it('is waited for while the subscription before drains', async () => {
    const rig = Rig.holding([0, 1])
    const stream = rig.stream({ from: new Checkpoint('earliest') })
    const work = new Subject<string>()
    const first = new Heard(stream.pipe(handle(() => firstValueFrom(work))))
    await rig.settle()
    first.stop()
    const second = new Heard(stream)
    await rig.clock.advance(5_000)
    expect(second.got).toEqual([])
    work.next('done')
    await rig.settle()
    expect(second.got).toEqual(['1'])
  })

  it('keeps its place in a topic that is not selected for a while', async () => {
    const rig = Rig.holding([0, 1])
    rig.log.createTopic('u')
    const from = new Checkpoint('earliest')
    const changed$ = new Subject<void>()
    let topics = ['t', 'u']
    const heard = rig.hear({ from, changed$, names: () => topics })
    await rig.settle()
    topics = ['u']
    changed$.next()
    await rig.settle()
    expect(from.cursor?.offset('t', 0)).toBe(2)
    rig.append('t', [2])
    topics = ['t', 'u']
    changed$.next()
    await rig.settle()
    expect(heard.got).toEqual(['0', '1', '2'])
  })

  it('does not lose the first records of a topic that came just before the process died', async () => {
    const rig = Rig.holding([0])
    const store = new Store()
    const wholeGroup = { names: () => undefined }
    rig.hear({ ...wholeGroup, from: new Checkpoint('latest', store) })
    await rig.clock.advance(30_000)
    rig.log.createTopic('u')
    rig.append('u', ['first'])
    await rig.clock.advance(5_000)
    rig.append('t', [1])
    await rig.clock.advance(6_000)
    expect(store.offset).toBe(2)
    const next = rig.hear({ ...wholeGroup, from: new Checkpoint('latest', new Store(store.text)) })
    await rig.settle()
    expect(next.got).toEqual(['first'])
  })

  it('does not lose what comes in a forbidden topic, over any number of restarts', async () => {
    const rig = Rig.holding([0])
    rig.log.createTopic('u')
    rig.transport.forbid('u')
    const store = new Store()
    for (let i = 0; i < 3; i++) {
      const heard = rig.hear({ topics: ['t', 'u'], from: new Checkpoint('latest', store) })
      await rig.clock.advance(1_000)
      rig.append('u', [`u${i}`])
      rig.append('t', [`t${i}`])
      await rig.clock.advance(60_000)
      heard.stop()
      await rig.settle()
    }
    rig.transport.allow('u')
    const heard = rig.hear({ topics: ['t', 'u'], from: new Checkpoint('latest', store) })
    await rig.settle()
    expect(heard.got).toEqual(['u0', 'u1', 'u2'])
  })

  it('is not overtaken by a change of the topics while it is loaded', async () => {
    const rig = Rig.holding([0, 1])
    const before = rig.hear({ from: new Checkpoint('earliest'), until: 'end' })
    await rig.settle()
    const store = new Store(Cursor.of(rig.transport.server, rig.clock.now(), [{ topic: 't', partition: 0, offset: 1 }]).toString())
    const loading = new Subject<string | undefined>()
    store.load = () => firstValueFrom(loading)
    const changed$ = new Subject<void>()
    const heard = rig.hear({ from: new Checkpoint('earliest', store), changed$ })
    await rig.settle()
    changed$.next()
    await rig.settle()
    loading.next(store.text)
    await rig.settle()
    expect([before.got, heard.got]).toEqual([['0', '1'], ['1']])
  })
})
