import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Checkpoint, type ClientOptions, fileStore, handle, IgwnAlertClient, parseJson, retryOnFatal, silentLogger } from 'igwn-alert-rx'
import { MemoryTransport } from 'igwn-alert-rx/testing'
import { lastValueFrom, take, toArray } from 'rxjs'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { cursorAt } from './cursors.ts'

let folder: string
let path: string
let transport: MemoryTransport
const clients: IgwnAlertClient[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-files-'))
  path = join(folder, 'checkpoint')
  transport = new MemoryTransport()
  transport.log.createTopic('gracedb.superevent', { partitions: 2 })
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map(client => client.close()))
  await rm(folder, { recursive: true })
})

const publish = (from: number, to: number): void => {
  for (let n = from; n < to; n++) transport.log.append('gracedb.superevent', { value: String(n), partition: n % 2 })
}
/** As another process would: of its own, down to the store. */
const reading = (options: ClientOptions = {}) => {
  const from = new Checkpoint('earliest', fileStore(path))
  const client = new IgwnAlertClient({ transport, from, untilEnd: true, logger: silentLogger, ...options })
  clients.push(client)
  const work$ = client.topic('superevent').pipe(
    parseJson<number>(),
    handle(async ({ payload }) => payload),
  )
  return { client, work$ }
}
const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b)
const all = (to: number): number[] => Array.from({ length: to }, (_, n) => n)

it('a restart goes on exactly where everything was handled', async () => {
  publish(0, 200)
  const first = reading()
  const before = await lastValueFrom(first.work$.pipe(take(75), toArray()))
  await first.client.close()
  expect(await readdir(folder)).toEqual(['checkpoint'])
  publish(200, 300)
  const after = await lastValueFrom(reading().work$.pipe(toArray()))
  expect(sorted([...before, ...after])).toEqual(all(300))
})

it('a restart in which nothing new came reads nothing', async () => {
  publish(0, 10)
  const first = reading()
  await lastValueFrom(first.work$.pipe(toArray()))
  await first.client.close()
  expect(await lastValueFrom(reading().work$.pipe(toArray()))).toEqual([])
})

it('a damaged file is an error that says so, and nothing is read', async () => {
  publish(0, 10)
  await writeFile(path, cursorAt(3).slice(0, 50))
  const got: number[] = []
  const { work$ } = reading()
  await expect(work$.forEach(n => void got.push(n))).rejects.toMatchObject({
    code: 'ALERT_CONFIG',
    message: expect.stringMatching(/^The checkpoint file .*checkpoint holds 50 characters that are no position/),
  })
  expect(got).toEqual([])
})

it('a second stream on the file is refused at once; the first goes on, and another may have it then', async () => {
  const first = reading({ untilEnd: undefined })
  const got: number[] = []
  const subscription = first.work$.subscribe(n => got.push(n))
  publish(0, 3)
  await expect.poll(() => got.length).toBe(3)
  await expect(lastValueFrom(reading().work$)).rejects.toMatchObject({ code: 'ALERT_SHARED', fatal: true })
  publish(3, 6)
  await expect.poll(() => got.length).toBe(6)
  subscription.unsubscribe()
  await first.client.close()
  publish(6, 8)
  expect(sorted(await lastValueFrom(reading().work$.pipe(toArray())))).toEqual([6, 7])
})

it('the same Checkpoint again waits its turn, and goes on after what another process has handled in between', async () => {
  publish(0, 3)
  const from = new Checkpoint('earliest', fileStore(path))
  const own = (): Promise<number[]> => lastValueFrom(reading({ from }).work$.pipe(toArray()), { defaultValue: [] })
  expect(sorted(await own())).toEqual([0, 1, 2])
  await expect.poll(() => readdir(folder)).toEqual(['checkpoint'])
  publish(3, 6)
  const got: number[] = []
  const other = reading({ untilEnd: undefined })
  other.work$.subscribe(n => got.push(n))
  await expect.poll(() => got.length).toBe(3)
  await expect(own()).rejects.toMatchObject({ code: 'ALERT_SHARED', fatal: true })
  await other.client.close()
  publish(6, 8)
  expect(sorted(await own())).toEqual([6, 7])
})

it('retryOnFatal waits for a file that is in use', async () => {
  publish(0, 3)
  const first = reading({ untilEnd: undefined })
  const seen: number[] = []
  first.work$.subscribe(n => seen.push(n))
  await expect.poll(() => seen.length).toBe(3)
  let retries = 0
  const second = lastValueFrom(reading().work$.pipe(retryOnFatal({ count: 1000, delay: () => 5 * Math.min(++retries, 4) }), toArray()))
  await expect.poll(() => retries).toBeGreaterThan(2)
  await first.client.close()
  expect(await second).toEqual([])
})
