import { describe, expect, it, test, vi } from 'vitest'
import { handle, retryOnFatal } from '../../src/index.ts'
import { ClientRig, collect, configError, rejection, slow } from './rig.ts'

const closed = { code: 'ALERT_CLOSED', message: 'the client is closed. Make a new one', fatal: true }

describe('close()', () => {
  it('completes the streams once started work has ended; the rest comes again', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 2, 3)
    const client = rig.client({ from: 'earliest', consumerGroup: 'g' })
    const { work, started, done, release } = slow()
    const complete = vi.fn()
    client.topic('t').pipe(handle(work)).subscribe({ complete })
    await rig.clock.advance(5_000)
    let isClosed = false
    const closing = client.close().then(() => {
      isClosed = true
    })
    await rig.clock.advance(1_000)
    expect({ started, done, isClosed }).toEqual({ started: [0], done: [], isClosed: false })
    release()
    await rig.clock.advance(1_000)
    await closing
    expect(done).toEqual([0])
    expect(started).toEqual([0])
    expect(complete).toHaveBeenCalledTimes(1)
    expect(rig.log.committed('g', 'gracedb.t', 0)).toBe(1)
    expect(rig.log.members('g')).toEqual([])
  })

  it('waits for started work as long as drainTimeout says', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1)
    const client = rig.client({ from: 'earliest', drainTimeout: 2_000 })
    client.topic('t').pipe(handle(slow().work)).subscribe()
    await rig.settle()
    const settled = vi.fn()
    const closing = client.close().then(settled)
    await rig.clock.advance(1_999)
    expect(settled).not.toHaveBeenCalled()
    await rig.clock.advance(2_001)
    await closing
  })

  it('lets started work publish', async () => {
    const rig = new ClientRig('gracedb.in', 'gracedb.out')
    rig.append('gracedb.in', 1)
    const client = rig.client({ from: 'earliest' })
    const { work, release } = slow()
    client
      .topic('in')
      .pipe(handle(record => work(record).then(() => client.publish('out', 'seen'))))
      .subscribe()
    await rig.settle()
    const closing = client.close()
    release()
    await rig.clock.advance(5_000)
    await closing
    expect(rig.log.partition({ topic: 'gracedb.out', partition: 0 }).end).toBe(1)
  })

  it('sends what the sinks were given', async () => {
    const rig = new ClientRig('gracedb.a')
    const client = rig.client()
    const sink = client.sink('a')
    for (let i = 0; i < 1_000; i++) sink.next(i)
    const closing = client.close()
    await rig.clock.advance(5_000)
    await Promise.all([closing, sink.done])
    expect(rig.log.partition({ topic: 'gracedb.a', partition: 0 }).end).toBe(1_000)
  })

  it('is idempotent, before anything and after everything', async () => {
    const rig = new ClientRig('gracedb.t')
    const client = rig.client()
    expect(client.close()).toBe(client.close())
    await client.close()
    await client[Symbol.asyncDispose]()
  })

  it('leaves no timer, reader or writer, and the transport to its owner', async () => {
    const rig = new ClientRig('gracedb.t')
    const client = rig.client()
    collect(client.topics(['t', 'not.there']))
    await Promise.all([client.publish('t', 1), rig.settle()])
    const closing = client.close()
    await rig.clock.advance(20_000)
    await closing
    expect(rig.transport.open).toEqual({ readers: 0, writers: 0, timers: 0 })
    expect(rig.clock.pending).toBe(0)
    await rig.client().publish('t', 2)
  })

  it('refuses everything that comes after', async () => {
    const rig = new ClientRig('gracedb.t')
    const client = rig.client()
    await client.connect('t')
    const stream = client.topic('t')
    const sink = client.sink('t')
    await client.close()
    const { errors } = collect(stream)
    expect(errors).toMatchObject([closed])
    await expect(client.topic('t')[Symbol.asyncIterator]().next()).rejects.toMatchObject(closed)
    expect(await rejection(client.listen(() => {}, 't').done)).toMatchObject(closed)
    for (const refused of [
      client.getTopics(),
      client.connect('t'),
      client.publish('t', 1),
      client.publish(['t'], 1),
      client.flushByTopic('t'),
      client.disconnect('t'),
      client.delete('t', { confirm: 'gracedb.t' }),
      client.cursor(),
    ])
      expect(await rejection(refused)).toMatchObject(closed)
    expect(() => client.sink('t')).toThrow(closed.message)
    expect(() => client.publishToTopic('t', 1)).toThrow(closed.message)
    expect(await rejection(sink.send(1))).toMatchObject({ code: 'ALERT_CLOSED' })
    await client.disconnect()
    expect(rig.log.topics).toEqual(['gracedb.t'])
  })

  it('during a wait of retryOnFatal: the stream completes at once', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.transport.forbid('gracedb.t')
    const client = rig.client({ retryOnFatal: true, retryWait: 3_600_000 })
    const { isDone, errors } = collect(client.topic('t'))
    await rig.clock.advance(1_000)
    expect({ done: isDone(), errors }).toEqual({ done: false, errors: [] })
    await Promise.all([client.close(), rig.clock.advance(10)])
    expect({ done: isDone(), errors }).toEqual({ done: true, errors: [] })
    expect(rig.clock.pending).toBe(0)
  })

  it("during a wait of the operator's: completes after it", async () => {
    const rig = new ClientRig('gracedb.t')
    rig.transport.forbid('gracedb.t')
    const client = rig.client()
    const { isDone, errors } = collect(client.topic('t').pipe(retryOnFatal({ delay: 20 })))
    await rig.settle()
    await Promise.all([client.close(), rig.clock.advance(10)])
    await vi.waitFor(() => expect(isDone()).toBe(true))
    expect(errors).toEqual([])
  })

  it('while nobody answers', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.transport.goOffline()
    const client = rig.client()
    const { isDone } = collect(client.topic('t'))
    await rig.clock.advance(5_000)
    const closing = client.close()
    await rig.clock.advance(5_000)
    await closing
    expect(isDone()).toBe(true)
    expect(rig.clock.pending).toBe(0)
  })

  it('goes on to the end when a step of it fails, and says so', async () => {
    const rig = new ClientRig('gracedb.t')
    vi.spyOn(rig.transport, 'write').mockReturnValue({ write() {}, close: () => Promise.reject(new Error('no good-bye')) })
    const client = rig.client()
    await client.connect('t')
    const complete = vi.fn()
    client.status$.subscribe({ complete })
    await client.close()
    expect(complete).toHaveBeenCalled()
    expect(rig.logged).toContainEqual({ level: 'warn', fields: {}, message: 'closing: no good-bye' })
  })

  test('await using', async () => {
    const rig = new ClientRig('gracedb.t')
    let stream: ReturnType<typeof collect> | undefined
    {
      await using client = rig.client()
      stream = collect(client.topic('t'))
      await rig.settle()
      void rig.clock.advance(10_000)
    }
    expect(stream.isDone()).toBe(true)
  })
})

test('a stream that is made by a closed client is checked all the same', async () => {
  const client = new ClientRig().client()
  await client.close()
  expect(configError(() => client.topic('a b')).message).toContain("Not a topic's name")
})
