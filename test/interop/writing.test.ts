import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { outgoing } from 'igwn-alert-rx'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WRITABLE_COMPRESSIONS } from '../../src/transports/kafka/compress.ts'
import { confluentWrite, hopRead, igwnListen } from '../bed/peerPrograms.ts'
import { run } from '../cli/child.ts'
import { base64, InteropRig } from './rig.ts'

const bytes = new TextEncoder().encode('\u0000bytes')

let rig: InteropRig
let full: string

beforeEach(async () => {
  rig = new InteropRig()
  full = await rig.topic('superevent')
})
afterEach(() => rig[Symbol.asyncDispose]())

const heardByPython = async (count: number) => {
  const { access, group } = rig
  await using listener = await igwnListen(access, { group, topics: ['superevent'], consumerGroup: rig.consumerGroup(), count })
  return await listener.until(count) // awaited here: the listener is killed at the end of this function
}

describe('we write, Python reads', () => {
  it("hop's read(metadata): payload, headers in order, id, sender, test, format and key", async () => {
    const sink = rig.client.sink('superevent')
    const large = { pad: 'y'.repeat(1 << 20) }
    const headers = [
      ['mine', 'x'],
      ['mine', bytes],
    ] as const
    const stored = [
      await sink.send(outgoing({ uid: 'S1', u: 'gravité ☄' }, { key: 'S1', headers })),
      await sink.send('{"uid": "S2"}'),
      await sink.send(bytes),
      await rig.client.publish('superevent', outgoing({ uid: 'T1' }, { test: true })),
      await rig.client.publish('superevent', large),
    ]
    const got = await hopRead(rig.access, { topics: [full], group: rig.consumerGroup(), tests: true })
    expect(got.map(({ payload, format, test, key }) => [payload, format, test, key])).toEqual([
      [{ uid: 'S1', u: 'gravité ☄' }, 'json', false, base64('S1')],
      ['{"uid": "S2"}', 'json', false, null],
      [base64('\u0000bytes'), 'blob', false, null],
      [{ uid: 'T1' }, 'json', true, null],
      [large, 'json', false, null],
    ])
    expect(got.map(({ sender }) => sender)).toEqual(got.map(() => 'alice'))
    expect(got.map(({ id, offset }) => [id, offset])).toEqual(stored.map(({ id, offset }) => [id.replaceAll('-', ''), offset]))
    expect(got[0]?.headers.map(([name]) => name)).toEqual(['mine', 'mine', '_id', '_sender', '_format'])
    expect(got[0]?.headers.slice(0, 2).map(([, value]) => value)).toEqual([base64('x'), base64('\u0000bytes')])
    expect(got[3]?.headers.map(([name]) => name)).toEqual(['_id', '_sender', '_test', '_format'])
    expect(await hopRead(rig.access, { topics: [full], group: rig.consumerGroup() })).toHaveLength(4)
  })

  it("igwn-alert's callback gets dict, list and str", async () => {
    const sent = [{ uid: 'S1' }, [1, null, 'é'], '{"uid": "S2"}']
    for (const payload of sent) await rig.client.publish('superevent', payload)
    expect(await heardByPython(3)).toEqual(sent.map((payload, i) => ({ topic: 'superevent', payload, type: ['dict', 'list', 'str'][i] })))
  })

  it.each(WRITABLE_COMPRESSIONS)('compressed with %s: hop and igwn-alert', async compression => {
    const sent = Array.from({ length: 100 }, (_, i) => ({ uid: `S${i}`, text: 'gravité ☄ '.repeat(i) }))
    const sink = rig.client.sink('superevent', { compression })
    await Promise.all([...sent, { pad: '0123456789abcdef'.repeat(65_536) }].map(payload => sink.send(payload)))
    const got = await hopRead(rig.access, { topics: [full], group: rig.consumerGroup() })
    expect(got.slice(0, 100).map(({ payload }) => payload)).toEqual(sent)
    expect(got[100]?.payload).toEqual({ pad: '0123456789abcdef'.repeat(65_536) })
    expect((await heardByPython(101)).slice(0, 100).map(({ payload }) => payload)).toEqual(sent)
  })

  it("a key's partition is librdkafka's", async () => {
    const keyed = await rig.topic('keyed', 3)
    const keys = ['a', 'b', 'c', 'd', 'e', 'S1', 'S2', 'S3', 'S250818ab', 'é☄']
    const theirs = await confluentWrite(rig.access, keyed, { messages: keys.map(key => ({ key: base64(key), value: base64(key) })) })
    const sink = rig.client.sink('keyed')
    const ours = await Promise.all(keys.map(key => sink.send(outgoing(1, { key }))))
    expect(new Set(ours.map(({ partition }) => partition)).size).toBeGreaterThan(1)
    expect(ours.map(({ partition }) => partition)).toEqual(keys.map(key => theirs.find(({ value }) => value === key)?.partition))
  })
})

describe('the command', () => {
  let home: string

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-interop-'))
    await mkdir(join(home, 'hop'))
    const entry = { username: 'alice', password: rig.access.password, hostname: rig.access.server, ssl_ca_location: rig.bed.caFile }
    const lines = Object.entries(entry).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`)
    await writeFile(join(home, 'hop', 'auth.toml'), `[[auth]]\n${lines.join('')}`, { mode: 0o600 })
  })
  afterEach(() => rm(home, { recursive: true }))

  const command = (...args: readonly string[]) =>
    run([...args, '--server', rig.server, '--group', rig.group], { env: { XDG_CONFIG_HOME: home } })

  it('send, topics, listen: json.loads(payload) in a Python callback is the alert', async () => {
    const alert = { uid: 'S1', far: 1e-9, u: 'gravité ☄' }
    const file = join(home, 'alert.json')
    await writeFile(file, JSON.stringify(alert, null, 2))
    expect(await command('send', 'superevent', file, '--key', 'S1')).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringContaining(`${full}[0]@0`),
    })
    const [heard] = await heardByPython(1)
    expect(heard?.type).toBe('str')
    expect(JSON.parse(String(heard?.payload))).toEqual(alert)

    expect(await command('topics')).toEqual({ code: 0, err: '', out: 'superevent\n' })

    const listened = await command('listen', 'superevent', '--json', '--from', 'earliest', '--until-end')
    expect(listened).toMatchObject({ code: 0, err: '' })
    const lines = listened.out.trim().split('\n')
    expect(lines.map(line => JSON.parse(line))).toMatchObject([{ fullTopic: full, offset: 0, sender: 'alice', payload: alert }])
  })
})
