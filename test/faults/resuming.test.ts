import { type AlertStream, type Delivery, IgwnAlertClient, retryOnFatal, type Status, silentLogger } from 'igwn-alert-rx'
import { map, merge, type Observable } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type BedClient, uniqueName } from '../bed/bedClient.ts'
import { sharedBed } from '../bed/shared.ts'

const textOf = ({ payload }: Delivery): string => new TextDecoder().decode(payload ?? undefined)

class UserBug extends Error {}

const isUserBug = vi.fn((error: unknown): boolean => error instanceof UserBug)

/** Throws at the n-th value, once. */
function throwsAt(nth: number) {
  let left = nth
  return map((record: Delivery): Delivery => {
    if (--left === 0) throw new UserBug('a bug of the user')
    return record
  })
}

describe('retryOnFatal({ when }) over two topics that grow meanwhile', () => {
  let bed: BedClient
  let client: IgwnAlertClient
  let statuses: Status[]
  let topics: { readonly a: string; readonly b: string }
  const published = { a: [] as string[], b: [] as string[] }

  beforeEach(async () => {
    isUserBug.mockClear()
    bed = sharedBed()
    topics = { a: uniqueName('resume-a'), b: uniqueName('resume-b') }
    published.a = []
    published.b = []
    for (const topic of [topics.a, topics.b]) {
      await bed.createTopic(topic)
      await bed.grant('alice', 'topic', topic, ['read', 'describe'])
    }
    client = new IgwnAlertClient({
      server: `kafka://${bed.brokers[0]!.saslSsl}/`,
      auth: { username: 'alice', password: bed.users['alice'] ?? '', caFile: bed.caFile },
      group: null,
      refusalTimeout: 0,
      logger: silentLogger,
    })
    statuses = []
    client.status$.subscribe(status => statuses.push(status))
  })
  afterEach(() => client.close())

  const stream = (name: 'a' | 'b'): AlertStream<Delivery> => client.topic(topics[name], { from: 'latest' })
  const resumed = retryOnFatal<Delivery>({ count: Number.POSITIVE_INFINITY, delay: 50, when: isUserBug })
  const count = (type: Status['type']): number => statuses.filter(status => status.type === type).length
  const fatal = (): Status[] => statuses.filter(status => status.type === 'closed' && status.error?.code === 'ALERT_TOPIC_FORBIDDEN')

  async function publish(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      for (const name of ['a', 'b'] as const) {
        const text = `${name}${published[name].length}`
        published[name].push(text)
        await bed.produce(topics[name], [text])
      }
    }
  }

  async function listen(source: Observable<Delivery>, streams: number): Promise<{ readonly got: string[]; readonly errors: unknown[] }> {
    const heard = { got: [] as string[], errors: [] as unknown[] }
    source.subscribe({ next: record => heard.got.push(textOf(record)), error: error => heard.errors.push(error) })
    await expect.poll(() => count('connected'), { timeout: 10_000 }).toBe(streams)
    return heard
  }

  /** Takes the right to `a` away until its stream has failed, and publishes meanwhile. */
  async function failA(): Promise<void> {
    await bed.revoke('alice', 'topic', topics.a, ['read'])
    await publish(2)
    await expect.poll(() => fatal().length, { timeout: 20_000 }).toBeGreaterThan(0)
    await publish(3)
    await bed.grant('alice', 'topic', topics.a, ['read'])
  }

  /** All that was published has come; a further record shows that nothing comes twice behind it. */
  async function expectAll(got: readonly string[], names: readonly ('a' | 'b')[]): Promise<void> {
    await publish(2)
    const of = (name: string): string[] => got.filter(text => text.startsWith(name))
    for (const name of names) await expect.poll(() => of(name).at(-1), { timeout: 20_000 }).toBe(published[name].at(-1))
    for (const name of names) expect(of(name)).toEqual(published[name])
    expect(count('gap')).toBe(0)
  }

  it('of a merge in which one fails for good, neither it nor its healthy sibling loses or doubles a record', async () => {
    const { got, errors } = await listen(merge(stream('a'), stream('b')).pipe(resumed), 2)
    await publish(3)
    await failA()
    await expectAll(got, ['a', 'b'])
    expect(errors).toEqual([])
  }, 60_000)

  it('where a map throws once, nothing is lost or doubled, the record that it threw at included', async () => {
    const { got, errors } = await listen(stream('a').pipe(throwsAt(4), resumed), 1)
    await publish(8)
    await expectAll(got, ['a'])
    expect(isUserBug).toHaveReturnedWith(true)
    expect(errors).toEqual([])
  }, 60_000)

  it('both together: one fails for good, a map over the other throws', async () => {
    const { got, errors } = await listen(merge(stream('a'), stream('b').pipe(throwsAt(6))).pipe(resumed), 2)
    await publish(3)
    await failA()
    await publish(3)
    await expectAll(got, ['a', 'b'])
    expect(isUserBug).toHaveReturnedWith(true)
    expect(errors).toEqual([])
  }, 60_000)
})
