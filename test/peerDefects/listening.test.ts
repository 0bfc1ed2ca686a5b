/** What the Python client gets wrong where it listens. Each `describe` names one of its defects; elsewhere.test.ts says where others are. */
import { describe, expect, it } from 'vitest'
import { IgwnAlertClient, type ListenCallback } from '../../src/index.ts'
import { ClientRig, listening } from '../client/rig.ts'

const header = (name: string, value: string): { name: string; value: Uint8Array } => ({ name, value: new TextEncoder().encode(value) })

describe('get_topics matches a substring and cuts at the second dot, so that listen() without topics dies of a topic that does not exist', () => {
  const group = 'interop'
  const names = ['interop.a', 'interop.deep.name', 'xinterop.alien', 'a.interop.b', 'interop-test.x', 'interop']

  it('here: getTopics() gives exactly those of the group, with their whole names', async () => {
    const client = new ClientRig(...names).client({ group })
    expect(await client.getTopics()).toEqual(['a', 'deep.name'])
    expect(await client.getTopics('test')).toEqual([])
  })

  it('here: listen() without topics reads exactly those, and tells their whole names', async () => {
    const rig = new ClientRig(...names)
    for (const name of names) rig.append(name, name)
    const calls: unknown[] = []
    const handle = rig.client({ group, from: 'earliest', untilEnd: true }).listen((topic, payload) => calls.push([topic, payload]))
    await rig.clock.advance(10_000)
    await handle.done
    expect(calls.sort()).toEqual([
      ['a', 'interop.a'],
      ['deep.name', 'interop.deep.name'],
    ])
  })
})

describe('listen_retries = n opens the stream n times in total, one retry too few, and what the broker refuses is never retried', () => {
  it.each([1, 3, 5])('here: listenRetries: %i opens it once and so many times more, retryWait apart', async listenRetries => {
    const rig = new ClientRig('gracedb.t')
    rig.transport.forbid('gracedb.t', 'read')
    const handle = rig.client({ retryOnFatal: true, listenRetries, retryWait: 1_000 }).listen(() => {}, 't')
    const ended = expect(handle.done).rejects.toMatchObject({ code: 'ALERT_TOPIC_FORBIDDEN', kafka: 'TOPIC_AUTHORIZATION_FAILED' })
    const opened: number[] = []
    for (let second = 0; second <= listenRetries + 1; second++) {
      await rig.settle()
      opened.push(rig.said('closed').length)
      await rig.clock.advance(1_000)
    }
    await ended
    expect(opened).toEqual([...Array.from({ length: listenRetries + 1 }, (_, n) => n + 1), listenRetries + 1])
  })
})

describe('a throw of the callback ends the listener, the alert committed before it was handled', () => {
  const callback: ListenCallback = (_topic, payload) => {
    if (payload === 'bad') throw new Error('no such field')
  }

  it('here: it is logged, said and counted; the next alert comes', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 'bad', 3)
    const { handle, calls } = listening(rig, { callback })
    await rig.settle()
    expect(calls.map(([, payload]) => payload)).toEqual([1, 'bad', 3])
    expect([handle.errors, rig.said('failed').map(({ offset }) => offset)]).toEqual([1, [1]])
  })

  it("here: onError: 'stop' ends it, and the alert comes again", async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 'bad', 3)
    for (let run = 0; run < 2; run++) {
      const { handle, calls } = listening(rig, { callback, onError: 'stop', consumerGroup: 'g' })
      const ended = expect(handle.done).rejects.toThrow('no such field')
      await rig.clock.advance(60_000)
      await ended
      expect(calls.map(([, payload]) => payload)).toEqual(run === 0 ? [1, 'bad'] : ['bad'])
    }
  })
})

describe('a message that hop cannot decode kills the listener', () => {
  it.each([
    ['a tombstone', null, []],
    ['a tombstone that says it is JSON', null, [header('_format', 'json')]],
    ['an empty value that says it is JSON', '', [header('_format', 'json')]],
    ['half of its JSON', '{"uid": "S', [header('_format', 'json')]],
    ['an envelope without its content', '{"format": "circular", "content": 7}', []],
  ])('here: %s does not, the next alert comes', async (_what, value, headers) => {
    const rig = new ClientRig('gracedb.t')
    rig.log.append('gracedb.t', { value, headers })
    rig.append('gracedb.t', 'next')
    const { handle, calls } = listening(rig, { untilEnd: true })
    await rig.clock.advance(10_000)
    await handle.done
    expect(calls.map(([, payload]) => payload).at(-1)).toBe('next')
  })
})

describe('two listeners of one consumer group both get every alert', () => {
  it('here: they share the partitions; each alert is handled once', async () => {
    const rig = new ClientRig()
    rig.log.createTopic('gracedb.t', { partitions: 4 })
    const took: string[][] = [[], []]
    const handles = took.map(own =>
      rig
        .client({ consumerGroup: 'g', from: 'earliest' })
        .listen((_topic, _payload, { partition, offset }) => own.push(`${partition}@${offset}`), 't'),
    )
    await rig.clock.advance(30_000)
    await Promise.all(handles.map(({ ready }) => ready))
    for (let n = 0; n < 9; n++) rig.log.append('gracedb.t', { value: String(n), partition: n % 4 })
    await rig.clock.advance(10_000)
    expect(took.flat().sort()).toEqual(['0@0', '0@1', '0@2', '1@0', '1@1', '2@0', '2@1', '3@0', '3@1'])
    expect(took.map(({ length }) => length > 0)).toEqual([true, true])
  })
})

describe('the port of `server` is ignored, in get_topics that of `port` instead', () => {
  const address = async (options: { server: string; port?: number }): Promise<string> => {
    await using client = new IgwnAlertClient({ ...options, noauth: true })
    return client.metrics().server
  }

  it('here: one address for all that a client does, whichever says its port', async () => {
    expect(await address({ server: 'kafka://127.0.0.1:9093/' })).toBe('127.0.0.1:9093')
    expect(await address({ server: 'kafka://127.0.0.1/', port: 9093 })).toBe('127.0.0.1:9093')
  })

  it('here: two different ones are an error', () =>
    expect(address({ server: 'kafka://127.0.0.1:9093/', port: 9092 })).rejects.toThrow('server names port 9093, the option port is 9092'))
})
