import { lastValueFrom, of, toArray } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { AlertError, decode, decodePayload, ExternalReference } from '../../src/index.ts'
import { EXPECTED, text } from './expected.ts'
import { corpus } from './records.ts'

const records = corpus()
const exact = { bigints: true }

describe('what the peers wrote', () => {
  it('is all of it in the table', () => {
    expect(records).toHaveLength(138)
    expect(Object.keys(EXPECTED)).toEqual(records.map(({ place }) => place))
  })

  it.each(records.map(record => [record.place, record.by, record] as const))('%s, by %s, is decoded as hop does', (place, _by, record) => {
    const { content, asItCame, refused } = EXPECTED[place]!
    const { delivery, hop } = record
    // The table agrees with what hop was seen to do: a tombstone is the one thing that we pass over and it does not.
    expect(hop.startsWith('RAISES')).toBe(
      refused !== undefined || (content === null && delivery.payload === null && !hop.startsWith('Blob')),
    )
    if (refused === undefined) expect(decodePayload(delivery, exact)).toEqual(asItCame ? delivery.payload : content)
    else {
      expect(() => decodePayload(delivery, exact)).toThrow(refused)
      expect(() => decodePayload(delivery, exact)).toThrow(AlertError)
    }
  })

  it.each(records.map(record => [record.place, record] as const))('%s has its format, id, sender, key and test flag', (place, record) => {
    const { format, id, sender, key, test = false } = EXPECTED[place]!
    const { delivery } = record
    const got = { format: delivery.format, id: delivery.id, sender: delivery.sender, isTest: delivery.isTest }
    expect(got).toEqual({ format, id, sender, isTest: test })
    expect(delivery.key && new TextDecoder().decode(delivery.key)).toEqual(key ?? null)
  })

  it('keeps headers in their order, duplicates too', () => {
    const { delivery } = records.find(({ place }) => place === 'interop.formats[0]@20')!
    expect(delivery.headers.map(({ name }) => name)).toEqual(['mine', '_id', '_format', '_id', '_format'])
    const { delivery: doubled } = records.find(({ place }) => place === 'interop.formats[0]@18')!
    expect(doubled.headers.slice(0, 3).map(({ name, value }) => [name, value && new TextDecoder().decode(value)])).toEqual([
      ['dup', '1'],
      ['dup', '2'],
      ['_id', 'mine'],
    ])
  })
})

describe('what a reader has to know', () => {
  const at = (place: string) => records.find(record => record.place === place)!.delivery

  it('NaN, Infinity and integers of 64 bits are JSON', () => {
    expect(decodePayload(at('interop.formats[0]@10'))).toEqual({
      far: Number.NaN,
      x: Number.POSITIVE_INFINITY,
      y: Number.NEGATIVE_INFINITY,
    })
    expect(decodePayload(at('interop.formats[0]@11'), exact)).toMatchObject({ gps_ns: 1419724818123456789n })
  })

  it('the last _id is the message, the first _format its format', () => {
    expect(at('interop.formats[0]@20').id).not.toBe(at('interop.formats[0]@19').id)
    expect(decodePayload(at('interop.formats[0]@30'))).toEqual(text('{"h": 9}'))
  })

  it('_test makes a test by being there, in this case only', () => {
    const tests = ['interop.raw[0]@24', 'interop.raw[0]@25', 'interop.raw[0]@26'].map(place => at(place).isTest)
    expect(tests).toEqual([true, true, false])
  })

  it('tombstones and bad payloads end nothing', async () => {
    const places = ['interop.raw[0]@15', 'interop.raw[0]@19', 'interop.raw[0]@22', 'interop.formats[0]@25', 'interop.raw[0]@29']
    const got = await lastValueFrom(of(...places.map(at)).pipe(decode(), toArray()))
    expect(got.map(({ payload }) => payload)).toEqual([{ up: 1 }])
  })

  it('Avro may have the schemas that hop makes up: of nothing, and with several maps in one union', () => {
    expect(decodePayload(at('interop.gw[0]@2'))).toMatchObject([{ event: { properties: {}, classification: {} } }])
    expect(decodePayload(at('interop.formats[0]@31'))).toEqual([{ a: 1 }, { b: 'x' }])
  })
})

describe('decode()', () => {
  const through = async (options?: Parameters<typeof decode>[0]): Promise<ReadonlyMap<string, unknown>> => {
    const got = await lastValueFrom(
      of(...records.map(({ delivery }) => delivery)).pipe(decode({ ...options, onDecodeError: 'keep' }), toArray()),
    )
    return new Map(
      got.map(({ fullTopic, partition, offset, payload }) => [`${fullTopic}[${partition}]@${offset}`, payload.error ?? payload.value]),
    )
  }

  it('gives what decodePayload gives, but for tombstones, which it leaves out, and a VOEvent without a header', async () => {
    const got = await through(exact)
    for (const { place, delivery } of records) {
      const { content, refused } = EXPECTED[place]!
      if (delivery.payload === null) expect(got.has(place), place).toBe(false)
      else if (refused) expect(got.get(place), place).toMatchObject({ name: 'DecodeError', place, message: expect.stringMatching(refused) })
      else if (place !== 'interop.gcn[0]@1') expect(got.get(place), place).toEqual(content)
    }
    expect(got.get('interop.gcn[0]@1')).toEqual(EXPECTED['interop.formats[0]@21']!.content)
  })

  it("unwraps GraceDB's JSON in a JSON string, and the command's that is in three, when told so", async () => {
    const got = await through({ unwrap: 3 })
    expect(got.get('interop.json[0]@1')).toEqual(EXPECTED['interop.json[0]@0']!.content)
    expect(got.get('interop.cli[0]@0')).toEqual({ uid: 'S1', n: 1 })
    expect(got.get('interop.formats[0]@2')).toBe('plain text')
  })

  it('tells a reference to a message elsewhere by its class', async () => {
    expect((await through()).get('interop.formats[0]@27')).toBeInstanceOf(ExternalReference)
  })
})
