import { describe, expect, it, test } from 'vitest'
import { type Delivery, handle, type Logger, type Status } from '../../src/index.ts'
import { MemoryTransport } from '../../src/testing.ts'
import { statusTypes } from './declared.ts'
import { ClientRig, collect, type Logged, slow } from './rig.ts'

interface Trouble {
  readonly level: keyof Logger
  readonly fields: object
  /** What it says, and how to mend it. */
  readonly text: RegExp
  readonly happen: (rig: ClientRig) => void | Promise<void>
  /** Of several of one type. */
  readonly which?: (status: Status) => boolean
}

const failing = (record: Delivery): void => record.fail(new Error('no such field'))

/** Every status that means trouble, and the line in the log that belongs to it. */
const TROUBLES: Readonly<Record<string, Trouble>> = {
  'reconnecting: the server is gone': {
    level: 'warn',
    fields: { code: 'ALERT_CONNECTION' },
    text: /^lost memory:9092: .*\. Tried again until it is back; nothing is lost$/,
    async happen(rig) {
      collect(rig.client().topic('t'))
      await rig.settle()
      rig.transport.goOffline()
    },
    which: status => status.type === 'reconnecting' && !status.partitions,
  },
  'reconnecting: the connection to a leader is gone': {
    level: 'info',
    fields: { status: 'reconnecting', code: 'ALERT_CONNECTION', partitions: [{ topic: 'gracedb.t', partition: 0 }] },
    text: /^lost the connection to the leader of gracedb\.t\[0\]: .*\. Tried again until it is back$/,
    async happen(rig) {
      collect(rig.client().topic('t'))
      await rig.settle()
      rig.transport.disconnect()
    },
    which: status => status.type === 'reconnecting' && status.partitions !== undefined,
  },
  'reconnecting: a partition': {
    level: 'info',
    fields: { topic: 'gracedb.t', partition: 0, code: 'ALERT_DAMAGED' },
    text: /; tried again in \d+ ms$/,
    async happen(rig) {
      collect(rig.client().topic('t'))
      await rig.settle()
      rig.transport.fail('CORRUPT_MESSAGE', { at: 'fetch' })
      rig.append('gracedb.t', 1)
    },
  },
  'refused: credentials': {
    level: 'error',
    fields: { code: 'ALERT_CREDENTIALS' },
    text: /Tried again until \d{4}-\d\d-\d\dT/,
    async happen(rig) {
      collect(rig.client().topic('t'))
      await rig.settle()
      rig.transport.refuseCredentials()
      rig.transport.disconnect()
    },
  },
  'refused: a topic': {
    level: 'warn',
    fields: { topic: 'gracedb.u', code: 'ALERT_TOPIC_UNKNOWN' },
    text: /Check its name; .* Other topics go on; this one is looked at again$/,
    happen: rig => void collect(rig.client().topics(['t', 'u'])),
  },
  stalled: {
    level: 'warn',
    fields: { topic: 'gracedb.t', partition: 0, offset: 0 },
    text: /^gracedb\.t\[0\]@0 is held for \d+ ms: .* give handle\(\) a timeout/,
    happen(rig) {
      rig.append('gracedb.t', 1)
      rig.client({ from: 'earliest' }).topic('t').pipe(handle(slow().work)).subscribe()
    },
  },
  'failed: a record': {
    level: 'error',
    fields: { topic: 'gracedb.t', partition: 0, offset: 0, code: 'ALERT_HANDLER', error: { cause: new Error('no such field') } },
    text: /^gracedb\.t\[0\]@0 failed: no such field\. It counts as handled; a deadLetter/,
    happen(rig) {
      rig.append('gracedb.t', 1)
      rig.client({ from: 'earliest' }).topic('t').subscribe(failing)
    },
  },
  'failed: a message': {
    level: 'error',
    fields: { topic: 'gracedb.t', code: 'ALERT_UNWRITABLE', stored: false },
    text: /^gracedb\.t: message [0-9a-f-]+ is not stored: /,
    happen: rig => rig.client().sink('t').next(undefined),
  },
  gap: {
    level: 'warn',
    fields: { topic: 'gracedb.t', partition: 0, from: 0, to: 1, reason: 'offset-lost' },
    text: /^gap in gracedb\.t\[0\], from offset 0 to 1 \(offset-lost\): .*onOffsetLost says where it goes on$/,
    async happen(rig) {
      rig.append('gracedb.t', 1, 2)
      const client = rig.client()
      const cursor = client.cursor(['t'], 'earliest')
      await rig.settle()
      rig.log.truncate('gracedb.t', 0, 1)
      collect(client.topic('t', { from: await cursor }))
    },
  },
  lost: {
    level: 'warn',
    fields: { status: 'lost', partitions: [{ topic: 'gracedb.t', partition: 0 }] },
    text: /^the group took gracedb\.t\[0\] away too late for a commit: .* comes again\. .*\?$/,
    async happen(rig) {
      collect(rig.client({ consumerGroup: 'g' }).topic('t'))
      await rig.clock.advance(5_000)
      for (const { memberId } of rig.log.members()) rig.log.expire(memberId)
    },
  },
  'closed, with an error': {
    level: 'error',
    fields: { status: 'closed', topics: ['gracedb.nope'], code: 'ALERT_TOPIC_UNKNOWN' },
    text: /^the stream of gracedb\.nope ended: .* missing: 'wait' waits for it$/,
    happen: rig => void collect(rig.client().topic('nope')),
  },
}

const typeOf = (name: string): string => /^\w+/.exec(name)![0]

const lines = ({ logged }: ClientRig): Logged[] => logged

const NO_TROUBLE: readonly Status['type'][] = ['connecting', 'positioned', 'connected', 'assigned', 'revoked', 'lag']

describe('a status that means trouble has its line in the log', () => {
  it('every type is here', () => {
    const troubles = Object.keys(TROUBLES).map(typeOf)
    expect([...new Set([...NO_TROUBLE, ...troubles])].sort()).toEqual(statusTypes())
  })

  test.each(Object.entries(TROUBLES))('%s', async (name, { level, fields, text, happen, which = () => true }) => {
    const rig = new ClientRig('gracedb.t')
    const type = typeOf(name)
    await happen(rig)
    await rig.clock.advance(100_000)
    expect(rig.statuses.filter(status => status.type === type && which(status)).length, type).toBeGreaterThan(0)
    const line = { level, fields: expect.objectContaining(shapeOf(fields)), message: expect.stringMatching(text) }
    expect(lines(rig)).toContainEqual(line)
  })

  it('and what is no trouble has none', async () => {
    const rig = new ClientRig('gracedb.t')
    rig.append('gracedb.t', 1, 2)
    rig.log.commit('g', [{ topic: 'gracedb.t', partition: 0, offset: 0 }])
    const client = rig.client({ from: 'earliest', consumerGroup: 'g' })
    const { stop } = collect(client.topic('t'))
    await rig.clock.advance(20_000)
    // A second member comes: the partitions are handed over in order.
    const other = new ClientRig()
    const transport = new MemoryTransport({ log: rig.log, clock: rig.clock })
    collect(other.client({ transport, clock: rig.clock, consumerGroup: 'g' }).topic('t'))
    await rig.clock.advance(20_000)
    stop()
    await rig.clock.advance(20_000)
    expect(rig.said('revoked')).not.toHaveLength(0)
    expect([...lines(rig), ...lines(other)]).toEqual([])
    // What the group does is there for whoever looks into it.
    expect(rig.whispered).toContain('the group gave us gracedb.t[0]')
    expect(rig.whispered).toContain('the group takes gracedb.t[0] back, to share out anew')
  })
})

const shapeOf = (fields: object): object =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]: [string, unknown]) => [name, name === 'error' ? expect.objectContaining(value) : value]),
  )
