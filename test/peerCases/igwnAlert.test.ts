import { describe, expect, it, vi } from 'vitest'
import { type ClientOptions, IgwnAlertClient } from '../../src/index.ts'
import { ClientRig, configError, rejection } from '../client/rig.ts'

const create = (options: unknown): IgwnAlertClient => new IgwnAlertClient(options as ClientOptions)
const refused = (options: object): string => configError(() => create(options)).message

/** The lines that are printed meanwhile. */
async function printed(run: () => Promise<void>): Promise<unknown[]> {
  const print = vi.spyOn(console, 'log').mockImplementation(() => {})
  try {
    await run()
    return print.mock.calls.map(([line]: unknown[]) => line)
  } finally {
    print.mockRestore()
  }
}

describe("the seed's parameters", () => {
  const shared = {
    group: 'gracedb-test',
    consumerGroup: 'alice-pager',
    server: 'kafka://kafka.invalid/',
    port: 1234,
    batchSize: 123,
    batchTimeout: 123,
    retryOnFatal: true,
    listenRetries: 3,
    retryWait: 100,
  } satisfies ClientOptions

  it.each<ClientOptions>([
    { username: 'user-asdf', password: 'pw123' },
    { auth: { username: 'user-asdf', password: 'pw123' } },
    { authfile: '/etc/hop/auth.toml' },
    { noauth: true },
  ])('are options of ours, with one way to authenticate: %#', async way => {
    await using client = create({ ...shared, ...way })
    expect(client).toBeInstanceOf(IgwnAlertClient)
  })

  it('one of username and password alone is refused at once', () => {
    const words = 'You must provide both a username and a password for basic authentication'
    expect(refused({ username: 'user-asdf' })).toContain(`${words}. password is missing`)
    expect(refused({ password: 'pw123' })).toContain(`${words}. username is missing`)
  })

  it.each([
    [{ server: null, port: 1234, group: 'lvalert-dev' }, 'server must be a text'],
    [{ server: 'kafka://kafka', port: 'onetwo', group: 'lvalert-dev' }, 'port must be a whole number'],
    [{ server: 'kafka://kafka', port: null, group: 'lvalert-dev' }, 'port must be a whole number'],
    [{ server: 'test' }, "must start with 'kafka://', got 'test'"],
  ])('a server or port of the wrong kind is refused at once: %o', (options, text) => {
    expect(refused({ noauth: true, ...options })).toContain(text)
  })
})

describe('listen() without a callback', () => {
  it('prints what is no JSON as it came', async () => {
    const rig = new ClientRig('test.topic1')
    rig.log.append('test.topic1', { value: 'test message' })
    const lines = await printed(async () => {
      rig.client({ group: 'test', from: 'earliest' }).listen(undefined, 'topic1')
      await rig.settle()
    })
    expect(lines).toEqual(['New message from topic test.topic1:', 'test message'])
    expect(rig.logged).toEqual([])
  })

  it('and without topics prints the alerts of all topics of the group, and of no other', async () => {
    const rig = new ClientRig('test.topic1', 'test.topic2', 'test2.topic3')
    for (const topic of ['test.topic1', 'test.topic2', 'test2.topic3']) rig.append(topic, topic)
    const lines = await printed(async () => {
      rig.client({ group: 'test', from: 'earliest' }).listen()
      await rig.settle()
    })
    expect(lines.toSorted()).toEqual([
      'New message from topic test.topic1:',
      'New message from topic test.topic2:',
      'test.topic1',
      'test.topic2',
    ])
  })
})

describe('a callback that throws at each fifth alert', () => {
  it('is called for all ten, once each; nothing is opened again', async () => {
    const rig = new ClientRig('test.topic1')
    rig.append('test.topic1', ...Array.from({ length: 10 }, (_, i) => i))
    const got: unknown[] = []
    const handle = rig.client({ group: 'test', from: 'earliest', retryOnFatal: true }).listen((_topic, payload) => {
      got.push(payload)
      if (got.length % 5 === 0) throw new Error('fatal')
    }, 'topic1')
    await rig.clock.advance(1_000)
    expect(got).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(handle.errors).toBe(2)
    expect(rig.said('connecting')).toHaveLength(1)
  })
})

describe('where nothing was ever connected', () => {
  it('disconnect() of a topic is an error, of all is none', async () => {
    const client = new ClientRig('gracedb.a').client()
    expect((await rejection(client.disconnect('a'))).message).toContain('No active sessions')
    await client.disconnect()
  })

  it('publish() does not need connect(), and leaves nothing that flushByTopic() would miss', async () => {
    const rig = new ClientRig('gracedb.a')
    const client = rig.client()
    expect(await client.publish('a', 'test message')).toMatchObject({ stored: true, offset: 0 })
    await client.flushByTopic('a')
  })
})
