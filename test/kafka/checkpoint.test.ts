import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Checkpoint, fileStore, handle, IgwnAlertClient, parseJson, silentLogger } from 'igwn-alert-rx'
import { lastValueFrom, take } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { uniqueName } from '../bed/bedClient.ts'
import { sharedBed } from '../bed/shared.ts'

const bed = sharedBed()
let folder: string
let group: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-files-'))
  group = uniqueName('checkpoint')
  await bed.createTopic(`${group}.a`, { partitions: 3 })
})
afterEach(() => rm(folder, { recursive: true }))

/** Handles `count` alerts, at most, as a process that starts and ends; gives what was worked on. */
async function work(count: number): Promise<number[]> {
  const done: number[] = []
  await using client = new IgwnAlertClient({
    server: `kafka://${bed.brokers[0]!.plaintext}/`,
    noauth: true,
    group,
    from: new Checkpoint('earliest', fileStore(join(folder, 'checkpoint'))),
    untilEnd: true,
    logger: silentLogger,
  })
  const work$ = client.topic('a').pipe(
    parseJson<number>(),
    handle(async ({ payload }) => done.push(payload)),
    take(count),
  )
  await lastValueFrom(work$, { defaultValue: 0 })
  return done
}

it('1000 of 2000 are handled, then a restart: the rest comes, nothing is lost, nothing doubled', async () => {
  const all = Array.from({ length: 2000 }, (_, n) => n)
  for (const partition of [0, 1, 2]) {
    const own = all.filter(n => n % 3 === partition).map(String)
    await bed.produce(`${group}.a`, own, { partition })
  }
  const before = await work(1000)
  const after = await work(2000)
  expect([before.length, after.length]).toEqual([1000, 1000])
  expect([...before, ...after].sort((a, b) => a - b)).toEqual(all)
  expect(await work(2000)).toEqual([])
  expect(await readdir(folder)).toEqual(['checkpoint'])
})
