import { firstValueFrom, map, scan, take, toArray } from 'rxjs'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  type BridgeRecord,
  type BridgeRecords,
  type BridgeStatus,
  fetchLink,
  fromBridge,
  toReadableStream,
  toStore,
} from '../../../src/browser.ts'
import { decode, IgwnAlertClient, parseJson, silentLogger } from '../../../src/index.ts'
import { sampleAlerts } from '../../../src/testing.ts'
import { serve, TOPIC } from '../serve.ts'

interface Heard {
  readonly records: BridgeRecord[]
  readonly statuses: BridgeStatus[]
  readonly errors: unknown[]
  payloads(): unknown[]
  stop(): void
}

function hear(stream: BridgeRecords): Heard {
  const records: BridgeRecord[] = []
  const statuses: BridgeStatus[] = []
  const errors: unknown[] = []
  stream.status$.subscribe(status => statuses.push(status))
  const subscription = stream.subscribe({ next: record => records.push(record), error: error => errors.push(error) })
  onTestFinished(() => subscription.unsubscribe())
  return { records, statuses, errors, payloads: () => records.map(({ payload }) => payload), stop: () => subscription.unsubscribe() }
}

const connected = ({ statuses }: Heard): Promise<void> => vi.waitFor(() => expect(statuses.map(({ type }) => type)).toContain('connected'))

describe('fromBridge', () => {
  it('gives the records of a direct subscription, deep equal', async () => {
    const { url, append, transport } = await serve()
    append(...sampleAlerts(['EARLYWARNING', 'PRELIMINARY', 'INITIAL']), 'text', 7, null)
    transport.log.append(TOPIC, {
      value: '{"far": NaN, "x": [Infinity]}',
      partition: 1,
      key: 'S1',
      headers: [
        { name: '_sender', value: 'alice' },
        { name: 'n', value: null },
      ],
    })
    transport.log.append(TOPIC, { value: '"{\\"uid\\":\\"S1\\"}"', partition: 1 })
    const client = new IgwnAlertClient({ transport, logger: silentLogger, from: 'earliest', untilEnd: true })
    const direct = await firstValueFrom(
      client.topic('superevent').pipe(
        decode({ unwrap: 3 }),
        map(record => record.toJSON()),
        toArray(),
      ),
    )
    const bridged = await firstValueFrom(
      fromBridge(url, { from: 'earliest' }).pipe(
        take(direct.length),
        map(record => record.toJSON()),
        toArray(),
      ),
    )
    const byPlace = (list: readonly { partition: number; offset: number }[]) =>
      [...list].sort((a, b) => a.partition - b.partition || a.offset - b.offset)
    expect(byPlace(bridged)).toEqual(byPlace(direct))
    expect(direct).toHaveLength(8)
    await client.close()
  })

  it('is lazy, shares one connection for all that start together, and each gets its topics', async () => {
    const { url, append } = await serve()
    const requests: string[] = []
    const counted: typeof fetch = (input, init) => {
      requests.push(String(input))
      return fetch(input, init)
    }
    const one = fromBridge(url, { topics: ['superevent'], fetch: counted })
    const two = fromBridge(url, { topics: [TOPIC], fetch: counted })
    expect(requests).toEqual([])
    const [first, second] = [hear(one), hear(two)]
    await connected(second)
    append(1)
    await vi.waitFor(() => expect([first.payloads(), second.payloads()]).toEqual([[1], [1]]))
    const third = hear(fromBridge(url, { topics: ['superevent'], fetch: counted }))
    append(2)
    await vi.waitFor(() => expect([first.payloads(), third.payloads()]).toEqual([[1, 2], [2]]))
    expect(requests).toHaveLength(1)
    first.stop()
    second.stop()
    append(3)
    await vi.waitFor(() => expect(third.payloads()).toEqual([2, 3]))
  })

  it('resumes after a cut at every point: nothing lost, nothing doubled, in order', async () => {
    const { url, append, cut } = await serve({ retry: 1 })
    const heard = hear(fromBridge(url, { clock: impatient }))
    await connected(heard)
    for (let n = 1; n <= 40; n++) {
      append(n)
      if (n % 3 === 0) cut()
      if (n % 5 === 0) await vi.waitFor(() => expect(heard.payloads()).toHaveLength(n))
    }
    await vi.waitFor(() => expect(heard.payloads()).toEqual(Array.from({ length: 40 }, (_, n) => n + 1)))
    expect(heard.statuses.filter(({ type }) => type === 'reconnecting').length).toBeGreaterThan(3)
    expect(heard.errors).toEqual([])
  })

  it('goes on at another instance when one closes', async () => {
    const first = await serve({ retry: 1 })
    const second = await serve({ retry: 1 }, first.transport)
    let now = first.url
    const moving: typeof fetch = (input, init) => fetch(String(input).replace('http://bridge.invalid', now), init)
    const heard = hear(fromBridge('http://bridge.invalid', { fetch: moving, clock: impatient }))
    await connected(heard)
    first.append(1, 2)
    await vi.waitFor(() => expect(heard.payloads()).toEqual([1, 2]))
    now = second.url
    await first.close()
    first.append(3, 4)
    await vi.waitFor(() => expect(heard.payloads()).toEqual([1, 2, 3, 4]))
  })

  it('asks for a token at each connection; one that does not count is an error, once', async () => {
    const tokens = ['good']
    const { url, append } = await serve({ authorize: ({ token }) => token !== undefined && tokens.includes(token) })
    const heard = hear(fromBridge(url, { token: async () => 'good' }))
    await connected(heard)
    append(1)
    await vi.waitFor(() => expect(heard.payloads()).toEqual([1]))
    const bad = hear(fromBridge(url, { token: 'bad' }))
    await vi.waitFor(() => expect(bad.errors).toMatchObject([{ code: 'ALERT_FORBIDDEN' }]))
    const none = hear(fromBridge(url))
    await vi.waitFor(() => expect(none.errors).toMatchObject([{ code: 'ALERT_CREDENTIALS' }]))
    expect(bad.statuses.at(-1)).toMatchObject({ type: 'closed', error: { code: 'ALERT_FORBIDDEN' } })
  })

  it('a pipeline written for Node works: parseJson lets decoded payloads pass', async () => {
    const { url, append } = await serve()
    append({ uid: 'S1' })
    const payload = await firstValueFrom(
      fromBridge(url, { from: 'earliest' }).pipe(
        parseJson<{ uid: string }>(),
        map(record => record.payload.uid),
      ),
    )
    expect(payload).toBe('S1')
  })

  it('fetches what was lifted out', async () => {
    const { url, append } = await serve()
    append({ event: { skymap: 'x'.repeat(20_000) } })
    const record = await firstValueFrom(fromBridge(url, { from: 'earliest' }))
    expect(await fetchLink(url, record, '/event/skymap')).toBe('x'.repeat(20_000))
  })

  it('is a loop and a ReadableStream as well', async () => {
    const { url, append } = await serve()
    append(1, 2, 3)
    const seen: unknown[] = []
    for await (const { payload } of fromBridge(url, { from: 'earliest' })) {
      seen.push(payload)
      if (seen.length === 2) break
    }
    expect(seen).toEqual([1, 2])
    const reader = toReadableStream(fromBridge(url, { from: 'earliest' })).getReader()
    expect((await reader.read()).value).toMatchObject({ payload: 1 })
    await reader.cancel()
  })

  it.each([
    ['kafka://broker.invalid/', /http or https/],
    ['not an address', /no address of a bridge/],
    ['http://u:p@bridge.invalid/', /user name or a password/],
  ])('refuses %s', (url, text) => {
    expect(() => fromBridge(url)).toThrow(text)
  })
})

describe('toStore', () => {
  it('holds the last value for all who listen, and starts when the first does', async () => {
    const { url, append } = await serve()
    const list$ = fromBridge<number>(url, { from: 'earliest' }).pipe(scan((list: readonly number[], { payload }) => [...list, payload], []))
    const store = toStore(list$, [])
    const seen: unknown[] = []
    const stop = store.subscribe(({ value }) => seen.push(value))
    onTestFinished(stop)
    expect(seen).toEqual([[]])
    append(1, 2)
    await vi.waitFor(() => expect(store.getSnapshot()).toEqual({ status: 'active', value: [1, 2] }))
    expect(store.getSnapshot()).toBe(store.getSnapshot())
    expect(seen).toEqual([[], [1], [1, 2]])
  })

  it('has an error as a state', async () => {
    const { url } = await serve({ authorize: () => false })
    const store = toStore(fromBridge(url), undefined)
    onTestFinished(store.subscribe(() => {}))
    await vi.waitFor(() => expect(store.getSnapshot()).toMatchObject({ status: 'error', error: { code: 'ALERT_CREDENTIALS' } }))
  })
})

/** Waits of a second are of ten milliseconds. */
const impatient = {
  now: () => Date.now(),
  tick: () => performance.now(),
  after(ms: number, fn: () => void): () => void {
    const timer = setTimeout(fn, ms / 100)
    return () => clearTimeout(timer)
  },
}
