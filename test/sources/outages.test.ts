import { describe, expect, it } from 'vitest'
import { groupOf, NOTHING_LEFT, Rig } from './rig.ts'

const MINUTE = 60_000
const FOR_EVER = Number.POSITIVE_INFINITY

const lines = (rig: Rig, text: string): string[] =>
  rig.logged.filter(({ message }) => message.includes(text)).map(({ level, message }) => `${level}: ${message}`)
const out = (rig: Rig): string[] => lines(rig, 'not been read for')
const back = (rig: Rig): string[] => lines(rig, 'read again')

/** Two brokers lead two partitions. */
const twoBrokers = (): Rig => Rig.holding([0], { brokers: 2, partitions: 2 })

describe('partitions that cannot be read', () => {
  it('for a minute are a warning, once, and once said to be back', async () => {
    const rig = twoBrokers()
    rig.hear()
    await rig.clock.advance(1_000)
    rig.log.stopBroker(1)
    await rig.clock.advance(MINUTE - 1)
    expect(out(rig)).toEqual([])
    await rig.clock.advance(5 * MINUTE)
    expect(out(rig)).toEqual([
      expect.stringMatching(/^warn: t\[1\] has not been read for 60 s: memory:9093: nobody answers.*Tried again until it is back/),
    ])
    expect(rig.logged.find(({ message }) => message.includes('not been read for'))!.fields).toMatchObject({
      topic: 't',
      partition: 1,
      partitions: [{ topic: 't', partition: 1 }],
      code: 'ALERT_CONNECTION',
    })
    expect(back(rig)).toEqual([])
    rig.log.startBroker(1)
    await rig.clock.advance(MINUTE)
    expect(back(rig)).toEqual([expect.stringMatching(/^info: t\[1\] is read again, after 36\d s$/)])
  })

  it('that are back within the minute are none', async () => {
    const rig = twoBrokers()
    rig.hear()
    await rig.clock.advance(1_000)
    rig.log.stopBroker(1)
    await rig.clock.advance(MINUTE / 2)
    rig.log.startBroker(1)
    await rig.clock.advance(5 * MINUTE)
    expect([...out(rig), ...back(rig)]).toEqual([])
  })

  it('of one broker are one line', async () => {
    const rig = Rig.holding([0], { brokers: 2, partitions: 6 })
    rig.hear()
    await rig.clock.advance(1_000)
    rig.log.stopBroker(1)
    await rig.clock.advance(5 * MINUTE)
    expect(out(rig)).toEqual([expect.stringMatching(/^warn: t\[1\], t\[3\], t\[5\] have not been read for 60 s/)])
  })

  it('are so also by a fault of their own, which is tried again', async () => {
    const rig = Rig.holding([0])
    const heard = rig.hear()
    await rig.clock.advance(1_000)
    const heal = rig.transport.fail('CORRUPT_MESSAGE', { at: 'fetch', times: FOR_EVER })
    rig.append('t', [1])
    await rig.clock.advance(5 * MINUTE)
    expect(out(rig)).toEqual([expect.stringMatching(/^warn: t\[0\] has not been read for 60 s: .*CORRUPT_MESSAGE/)])
    heal()
    await rig.clock.advance(2 * MINUTE)
    expect(heard.got).toEqual(['0', '1'])
    expect(back(rig)).toHaveLength(1)
  })

  it('are none after a fault that is over, also when nothing new comes', async () => {
    const rig = Rig.holding([0])
    rig.hear()
    await rig.clock.advance(1_000)
    rig.transport.fail('CORRUPT_MESSAGE', { at: 'fetch' })
    await rig.clock.advance(10 * MINUTE)
    expect([...out(rig), ...back(rig)]).toEqual([])
  })

  it('are said again when nobody tells of the end of their fault but its absence', async () => {
    const rig = Rig.holding([0])
    rig.hear()
    await rig.clock.advance(1_000)
    const heal = rig.transport.fail('CORRUPT_MESSAGE', { at: 'fetch', times: FOR_EVER })
    await rig.clock.advance(5 * MINUTE)
    heal()
    await rig.clock.advance(5 * MINUTE)
    expect([out(rig).length, back(rig).length]).toEqual([1, 1])
  })

  it('because the whole server is away are its own line', async () => {
    const rig = twoBrokers()
    rig.hear()
    await rig.clock.advance(1_000)
    rig.transport.goOffline()
    await rig.clock.advance(5 * MINUTE)
    rig.transport.goOnline()
    await rig.clock.advance(5 * MINUTE)
    expect([...out(rig), ...back(rig)]).toEqual([])
    expect(lines(rig, 'memory:9092')).toHaveLength(2)
  })

  it('are not said to be back while nothing is read at all', async () => {
    const rig = twoBrokers()
    rig.hear()
    await rig.clock.advance(1_000)
    rig.log.stopBroker(1)
    await rig.clock.advance(2 * MINUTE)
    rig.transport.goOffline()
    await rig.clock.advance(5 * MINUTE)
    expect([out(rig).length, back(rig).length]).toEqual([1, 0])
    rig.transport.goOnline()
    await rig.clock.advance(2 * MINUTE)
    expect([out(rig).length, back(rig).length]).toEqual([1, 0])
    rig.log.startBroker(1)
    await rig.clock.advance(2 * MINUTE)
    expect([out(rig).length, back(rig).length]).toEqual([1, 1])
  })

  it('are forgotten when the stream ends', async () => {
    const rig = twoBrokers()
    const heard = rig.hear({ consumerGroup: groupOf('g') })
    await rig.clock.advance(1_000)
    rig.log.stopBroker(1)
    await rig.clock.advance(MINUTE / 2)
    heard.stop()
    await rig.clock.advance(5 * MINUTE)
    expect(out(rig)).toEqual([])
    expect(rig.left).toEqual(NOTHING_LEFT)
  })
})
