import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { cacheDirectory, cached, lookUp } from './cache.ts'
import { closedPort, freePorts } from './ports.ts'
import type { ProxiedAnswer } from './proxy.ts'
import { rewriteAddresses } from './rewrite.ts'
import { lastLines, run } from './run.ts'
import { isAtLeast } from './tools.ts'
import { ApiKey, FrameSplitter, frameOf, WireReader, WireWriter } from './wire.ts'

describe('the cache', () => {
  async function newRoot(): Promise<string> {
    const root = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-cache-'))
    onTestFinished(() => rm(root, { recursive: true }))
    return root
  }
  const key = { name: 'thing', pins: ['1'] }

  test('is where the environment says', () => {
    expect(cacheDirectory({ IGWN_ALERT_RX_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a')
    expect(cacheDirectory({ XDG_CACHE_HOME: '/b' })).toBe('/b/igwn-alert-rx')
    expect(cacheDirectory({})).toMatch(/\/\.cache\/igwn-alert-rx$/)
  })

  test('builds once, and again when the pins change', async () => {
    const root = await newRoot()
    expect(await lookUp(key, root)).toBeUndefined()
    const first = await cached(key, directory => writeFile(join(directory, 'file'), 'x'), root)
    const second = await cached(key, () => Promise.reject(new Error('built again')), root)
    expect([first.built, second.built, second.path]).toEqual([true, false, first.path])
    expect(await readdir(second.path)).toEqual(['file'])
    expect(await lookUp(key, root)).toBe(first.path)
    expect((await cached({ ...key, pins: ['2'] }, async () => {}, root)).path).not.toBe(first.path)
  })

  test('two builders at once get the same entry, and the other one is gone', async () => {
    const root = await newRoot()
    const both = Array.from({ length: 2 }, () => cached(key, () => Promise.resolve(), root))
    const [one, other] = await Promise.all(both)
    expect(one!.path).toBe(other!.path)
    expect([one!.built, other!.built].sort()).toEqual([false, true])
    expect(await readdir(root)).toHaveLength(2)
  })

  test('a build that fails leaves nothing, one that was killed is cleared away', async () => {
    const root = await newRoot()
    await expect(cached(key, () => Promise.reject(new Error('no network')), root)).rejects.toThrow('no network')
    expect(await readdir(root)).toEqual([])
    const { path } = await cached(key, async () => {}, root)
    await rm(path, { recursive: true })
    const dead = path.replace(/\.\d+-/, '.4194304-')
    await writeFile(dead, '')
    expect((await cached(key, async () => {}, root)).built).toBe(true)
    expect(await readdir(root)).not.toContain(dead.split('/').at(-1))
  })
})

describe('running programs', () => {
  test('what is missing is named with how to get it', async () => {
    await expect(run('no-such-program-here', [], { missing: 'Install it.' })).rejects.toThrow(
      'no-such-program-here was not found. Install it.',
    )
  })

  test('what fails is quoted', async () => {
    await expect(run('sh', ['-c', 'echo said; echo why >&2; exit 3'])).rejects.toThrow(/ended with code 3[\s\S]*said\nwhy/)
    expect(lastLines('a\n\nb\nc\n', 2)).toBe('b\nc')
  })

  test.each([
    ['17.0.15', [17], true],
    ['21', [17], true],
    ['11.0.2', [17], false],
    ['3.9.2', [3, 11], false],
    ['3.11.7', [3, 11], true],
    ['4.0', [3, 11], true],
  ])('version %s against %j', (version, least, expected) => {
    expect(isAtLeast(version, least)).toBe(expected)
  })
})

test('ports are below those of outgoing connections, and never given twice', async () => {
  const ports = [...(await freePorts(20)), await closedPort()]
  expect(new Set(ports).size).toBe(21)
  expect(Math.max(...ports)).toBeLessThan(32_768)
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(10_000)
})

describe('the wire', () => {
  test('what is written is read', () => {
    const bytes = new WireWriter()
      .int8(-2)
      .int16(-300)
      .int32(70_000)
      .int64(2 ** 40)
      .varint(300)
      .string('é')
      .string(null)
      .string('x', true)
      .string(null, true)
    const reader = new WireReader(bytes.build())
    expect([reader.int8(), reader.int16(), reader.int32(), reader.int64(), reader.varint()]).toEqual([-2, -300, 70_000, 2n ** 40n, 300])
    expect([reader.string(), reader.string(), reader.string(true), reader.string(true)]).toEqual(['é', null, 'x', null])
    expect(reader.rest()).toHaveLength(0)
    expect(() => reader.bytes(1)).toThrow(RangeError)
  })

  test('frames are found however the bytes are cut', () => {
    const frames = ['', 'one', 'two'.repeat(50)].map(text => Buffer.from(text))
    const stream = Buffer.concat(frames.map(frameOf))
    for (const size of [1, 2, 5, 64, stream.length]) {
      const splitter = new FrameSplitter()
      const found: Buffer[] = []
      for (let from = 0; from < stream.length; from += size) found.push(...splitter.push(stream.subarray(from, from + size)))
      expect(found.map(String)).toEqual(frames.map(String))
    }
    expect(() => new FrameSplitter().push(Buffer.from([0xff, 0, 0, 0]))).toThrow(RangeError)
  })
})

describe('addresses in answers', () => {
  const map = { 'broker:9092': '127.0.0.1:1' }
  const answer = (apiKey: number, apiVersion: number, frame: Buffer): ProxiedAnswer => ({
    apiKey,
    apiVersion,
    frame,
    correlationId: 7,
    connection: 1,
  })
  const rewritten = (apiKey: number, apiVersion: number, frame: (host: string, port: number) => Buffer) =>
    expect(rewriteAddresses(map)(answer(apiKey, apiVersion, frame('broker', 9092)))).toEqual(frame('127.0.0.1', 1))

  test.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])('Metadata %i', version => {
    const flexible = version >= 9
    rewritten(ApiKey.Metadata, version, (host, port) => {
      const writer = new WireWriter().int32(7)
      if (flexible) writer.noTags()
      if (version >= 3) writer.int32(0)
      if (flexible) writer.varint(3)
      else writer.int32(2)
      for (const each of [
        { node: 0, host, port },
        { node: 1, host: 'another', port: 9092 },
      ]) {
        writer.int32(each.node).string(each.host, flexible).int32(each.port)
        if (version >= 1) writer.string(null, flexible)
        if (flexible) writer.noTags()
      }
      return writer.raw(Buffer.from('the rest')).build()
    })
  })

  test.each([0, 1, 2, 3, 4, 5, 6])('FindCoordinator %i', version => {
    const flexible = version >= 3
    rewritten(ApiKey.FindCoordinator, version, (host, port) => {
      const writer = new WireWriter().int32(7)
      if (flexible) writer.noTags()
      if (version >= 1) writer.int32(0)
      if (version >= 4) writer.varint(2).string('group', true).int32(0).string(host, true).int32(port).int16(0).string(null, true).noTags()
      else {
        writer.int16(0)
        if (version >= 1) writer.string(null, flexible)
        writer.int32(0).string(host, flexible).int32(port)
      }
      return (flexible ? writer.noTags() : writer).build()
    })
  })
})
