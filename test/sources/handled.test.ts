import { asapScheduler, first, map, observeOn, take } from 'rxjs'
import { describe, expect, it } from 'vitest'
import type { Claim } from '../../src/claims.ts'
import { filterRecords } from '../../src/operators/filterRecords.ts'
import { handle } from '../../src/operators/handle.ts'
import type { Delivery } from '../../src/record.ts'
import { type AlertStream, toStream } from '../../src/sources/AlertStream.ts'
import { Checkpoint } from '../../src/sources/Checkpoint.ts'
import { Heard, NOTHING_LEFT, Rig, type StreamSetup, textOf } from './rig.ts'

/** A stream over a Checkpoint, whose cursor shows what is handled. */
class Handled {
  readonly from = new Checkpoint('earliest')
  readonly rig: Rig
  readonly setup: StreamSetup

  constructor(values: readonly (number | string)[], setup: StreamSetup = {}) {
    this.rig = Rig.holding(values)
    this.setup = { ...setup, from: this.from }
  }

  get stream() {
    return this.rig.stream(this.setup)
  }

  async upTo(): Promise<number | undefined> {
    await this.rig.settle()
    return this.from.cursor?.offset('t', 0)
  }
}

describe('a record of a stream', () => {
  it('is handled when its next() has returned and nobody holds it', async () => {
    const handled = new Handled([0])
    let during: number | undefined
    handled.stream.subscribe(() => {
      during = handled.from.cursor?.offset('t', 0)
    })
    expect(await handled.upTo()).toBe(1)
    expect(during).toBe(0)
  })

  it('is handled when every claim is acked, in any order; the prefix stops at the first that is not', async () => {
    const handled = new Handled([0, 1, 2, 3])
    const claims: Claim[] = []
    handled.stream.subscribe(record => claims.push(record.hold()))
    expect(await handled.upTo()).toBe(0)
    claims[2]!.ack()
    expect(await handled.upTo()).toBe(0)
    claims[0]!.ack()
    expect(await handled.upTo()).toBe(1)
    claims[1]!.ack()
    expect(await handled.upTo()).toBe(3)
  })

  it('that is given back while the stream goes on is a claim given up', async () => {
    const handled = new Handled([0])
    const claims: Claim[] = []
    handled.stream.subscribe(record => claims.push(record.hold()))
    await handled.rig.settle()
    claims[0]!.release()
    expect(await handled.upTo()).toBe(1)
  })

  it('counts holes of compaction and control records as handled', async () => {
    const handled = new Handled([0])
    handled.rig.log.skip('t', 0, 5)
    handled.stream.subscribe()
    expect(await handled.upTo()).toBe(6)
  })

  it('that is a test message is left out and handled, by default', async () => {
    const handled = new Handled([0])
    handled.rig.log.append('t', { value: 'test', headers: [{ name: '_test', value: null }] })
    const heard = new Heard(handled.stream)
    expect(await handled.upTo()).toBe(2)
    expect(heard.got).toEqual(['0'])
  })

  it.each([
    ['include', ['real', 'test']],
    ['only', ['test']],
  ] as const)("may be a test message with tests: '%s'", async (tests, expected) => {
    const handled = new Handled(['real'], { tests })
    handled.rig.log.append('t', { value: 'test', headers: [{ name: '_test', value: 'false' }] })
    const heard = new Heard(handled.stream)
    expect(await handled.upTo()).toBe(2)
    expect(heard.got).toEqual(expected)
  })

  it('throws loudly when it is held too late, below an asynchronous operator', async () => {
    const handled = new Handled([0])
    const late: Delivery[] = []
    handled.stream.subscribe(record => late.push(record))
    await handled.rig.settle()
    expect(() => late[0]!.hold()).toThrow(expect.objectContaining({ code: 'ALERT_LATE_HOLD' }))
  })

  it('ends the stream with that error when handle() is below an asynchronous operator', async () => {
    const handled = new Handled([0])
    const heard = new Heard(
      handled.stream.pipe(
        observeOn(asapScheduler),
        handle(async record => textOf(record)),
      ),
    )
    await handled.rig.settle()
    expect(heard.errors).toMatchObject([{ code: 'ALERT_LATE_HOLD' }])
  })

  it('that is acked too late is warned about, once', async () => {
    const handled = new Handled([0, 1])
    const late: Delivery[] = []
    handled.stream.subscribe(record => late.push(record))
    await handled.rig.settle()
    for (const record of late) record.ack()
    expect(handled.rig.logged).toEqual([
      {
        level: 'warn',
        fields: { topic: 't', partition: 0, offset: 0 },
        message:
          "ack() of t[0]@0 came after it was handled by default. Put handle() before asynchronous operators, or set delivery: 'manual'",
      },
    ])
  })

  it('that fails is reported with its place, and handled', async () => {
    const handled = new Handled([0])
    const thrown = new TypeError('no alert')
    handled.stream.subscribe(record => record.fail(thrown))
    expect(await handled.upTo()).toBe(1)
    const error = { code: 'ALERT_HANDLER', message: 'no alert', cause: thrown }
    expect(handled.rig.said('failed')).toMatchObject([{ topic: 't', partition: 0, offset: 0, error }])
    expect(handled.rig.logged).toMatchObject([
      {
        level: 'error',
        fields: { topic: 't', partition: 0, offset: 0, code: 'ALERT_HANDLER' },
        message: 't[0]@0 failed: no alert. It counts as handled; a deadLetter of handle() gets what fails',
      },
    ])
  })
})

const thrower = (): string => {
  throw new TypeError('user bug')
}

describe('a chain that closes during next()', () => {
  it.each([
    ['a throw in map', (stream: AlertStream<Delivery>) => stream.pipe(map(thrower))],
    ['take(1)', (stream: AlertStream<Delivery>) => stream.pipe(take(1))],
    ['first()', (stream: AlertStream<Delivery>) => stream.pipe(first())],
  ])('by %s makes the record come again, and not those before it', async (_, close) => {
    const handled = new Handled(['done', 'cut short', 'later'])
    const later = toStream(handled.stream.pipe(filterRecords<Delivery>(record => record.offset > 0)))
    const heard = new Heard(close(later))
    expect(await handled.upTo()).toBe(1)
    expect(heard.got.length + heard.errors.length).toBe(1)
    const again = new Heard(handled.stream)
    await handled.rig.settle()
    expect(again.got).toEqual(['cut short', 'later'])
  })

  it('leaves a record that was acked in it handled', async () => {
    const handled = new Handled([0, 1])
    handled.stream
      .pipe(
        map(record => {
          record.ack()
          return record
        }),
        take(1),
      )
      .subscribe()
    expect(await handled.upTo()).toBe(1)
  })
})

describe("delivery: 'manual'", () => {
  it('waits for record.ack(), in any order', async () => {
    const handled = new Handled([0, 1, 2], { delivery: 'manual' })
    const records: Delivery[] = []
    handled.stream.subscribe(record => records.push(record))
    expect(await handled.upTo()).toBe(0)
    records[1]!.ack()
    expect(await handled.upTo()).toBe(0)
    records[0]!.ack()
    expect(await handled.upTo()).toBe(2)
    records[2]!.ack()
    expect(await handled.upTo()).toBe(3)
  })

  it('is taken over by handle()', async () => {
    const handled = new Handled([0, 1], { delivery: 'manual' })
    const heard = new Heard(handled.stream.pipe(handle(async record => textOf(record))))
    expect(await handled.upTo()).toBe(2)
    expect(heard.got).toEqual(['0', '1'])
  })

  it('does not wait for what an operator of ours drops', async () => {
    const handled = new Handled([0, 1], { delivery: 'manual' })
    handled.stream.pipe(filterRecords<Delivery>(record => record.offset > 0)).subscribe(record => record.ack())
    expect(await handled.upTo()).toBe(2)
  })

  it('lets nothing pass that is not acked when the stream ends, and does not wait longer than drainTimeout', async () => {
    const handled = new Handled([0, 1], { delivery: 'manual' })
    const heard = new Heard(handled.stream)
    await handled.rig.settle()
    heard.stop()
    await handled.rig.clock.advance(9_999)
    expect(handled.rig.live.size).toBe(1)
    await handled.rig.clock.advance(1)
    expect(handled.rig.left).toEqual(NOTHING_LEFT)
    expect(await handled.upTo()).toBe(0)
  })
})
