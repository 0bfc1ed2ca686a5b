import { decode, ExternalReference, handle, outgoing } from 'igwn-alert-rx'
import { lastValueFrom, toArray } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type HopMessage, hopRead, hopWrite, igwnListen } from '../bed/peerPrograms.ts'
import { EXPECTED, NO_SECTIONS, text } from '../formats/expected.ts'
import { corpus } from '../formats/records.ts'
import { base64, InteropRig } from './rig.ts'

const bytesOf = (place: string): Uint8Array => corpus().find(record => record.place === place)!.raw.value!
const textOf = (place: string): string => new TextDecoder().decode(bytesOf(place))
const contentOf = (place: string): unknown => EXPECTED[place]!.content

const VOEVENT_XML = textOf('interop.formats[0]@21')
const NOTICE_TEXT = textOf('interop.formats[0]@23')
const CIRCULAR = { header: { title: 'GCN CIRCULAR', number: '1', subject: 'é☄' }, body: 'line 1\n"line 2"\n' }
const ALERT = {
  alert_type: 'PRELIMINARY',
  superevent_id: 'S250818ab',
  urls: {},
  event: { far: 1.5e-9, instruments: ['H1', 'L1'], properties: {}, skymap: Uint8Array.of(0, 0xff, 1), search: null },
  external_coinc: null,
  gps_ns: 1419724818123456789n,
}
/** As the programs of the bed print bytes. */
const printed = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

interface Case {
  readonly format: string
  readonly payload: unknown
  /** What hop has of it, as its program prints it. */
  readonly hop: unknown
  /** The Python type that a callback of igwn-alert gets, and how its representation begins. */
  readonly igwn: readonly [type: string, shown: unknown]
}

const CASES: readonly Case[] = [
  { format: 'json', payload: { a: [1, null, 'é☄'] }, hop: { a: [1, null, 'é☄'] }, igwn: ['dict', { a: [1, null, 'é☄'] }] },
  { format: 'blob', payload: Uint8Array.of(0, 0xff), hop: printed(Uint8Array.of(0, 0xff)), igwn: ['Blob', "Blob(content=b'\\x00\\xff')"] },
  {
    format: 'avro',
    payload: [ALERT],
    hop: [{ ...ALERT, event: { ...ALERT.event, skymap: printed(ALERT.event.skymap) }, gps_ns: Number(ALERT.gps_ns) }],
    igwn: [
      'AvroBlob',
      "AvroBlob(content=[{'alert_type': 'PRELIMINARY', 'superevent_id': 'S250818ab', 'urls': {}, 'event': {'far': 1.5e-09,",
    ],
  },
  {
    format: 'circular',
    payload: CIRCULAR,
    hop: CIRCULAR,
    igwn: ['GCNCircular', "GCNCircular(header={'title': 'GCN CIRCULAR', 'number': '1'"],
  },
  {
    format: 'voevent',
    payload: VOEVENT_XML,
    hop: contentOf('interop.formats[0]@21'),
    igwn: ['VOEvent', "VOEvent(ivorn='ivo://gwnet/LVC#S200302c-1-Preliminary', role='observation', version='2.0', Who={'Date':"],
  },
  {
    format: 'gcntextnotice',
    payload: NOTICE_TEXT,
    hop: { ...(contentOf('interop.formats[0]@23') as object), raw: base64(NOTICE_TEXT) },
    igwn: ['GCNTextNotice', "GCNTextNotice(raw=b'TITLE:            GCN/AMON NOTICE\\n"],
  },
]

let rig: InteropRig
let full: string

beforeEach(async () => {
  rig = new InteropRig()
  full = await rig.topic('superevent')
})
afterEach(() => rig[Symbol.asyncDispose]())

describe('we write every format', () => {
  const write = async () => {
    const sink = rig.client.sink('superevent')
    const stored = []
    for (const { format, payload } of CASES) {
      const headers = [['mine', format]] as const
      stored.push(await sink.send(outgoing(payload, { format, key: format, headers })))
      stored.push(await sink.send(outgoing(payload, { format, test: true })))
    }
    return stored
  }

  it('hop reads content, format, key, headers, id, sender and test flag', async () => {
    const stored = await write()
    const got = await hopRead(rig.access, { topics: [full], group: rig.consumerGroup(), tests: true })
    expect(got.map(({ format, test, key, payload }) => ({ format, test, key, payload }))).toEqual(
      CASES.flatMap(({ format, hop }) => [
        { format, test: false, key: base64(format), payload: hop },
        { format, test: true, key: null, payload: hop },
      ]),
    )
    expect(got.map(({ id, sender }) => [id, sender])).toEqual(stored.map(({ id }) => [id.replaceAll('-', ''), 'alice']))
    expect(got.map(({ headers }) => headers.map(([name]) => name))).toEqual(
      CASES.flatMap(() => [
        ['mine', '_id', '_sender', '_format'],
        ['_id', '_sender', '_test', '_format'],
      ]),
    )
    expect(got[0]?.headers[0]).toEqual(['mine', base64('json')])
  })

  it("igwn-alert's callback gets hop's models, the test messages left out", async () => {
    await write()
    const { access, group } = rig
    await using listener = await igwnListen(access, {
      group,
      topics: ['superevent'],
      consumerGroup: rig.consumerGroup(),
      count: CASES.length,
    })
    const heard = await listener.until(CASES.length)
    expect(heard.map(({ topic, type }) => [topic, type])).toEqual(CASES.map(({ igwn: [type] }) => ['superevent', type]))
    heard.forEach(({ payload }, nth) => {
      const shown = CASES[nth]!.igwn[1]
      if (typeof shown === 'string') expect(String(payload).slice(0, shown.length)).toBe(shown)
      else expect(payload).toEqual(shown)
    })
  })

  it('decode() reads what we have written', async () => {
    await write()
    const got = await lastValueFrom(
      rig.client.topic('superevent', { tests: 'include' }).pipe(
        decode({ bigints: true }),
        handle(async ({ payload, isTest }) => [payload, isTest]),
        toArray(),
      ),
    )
    const read = (format: string, payload: unknown): unknown => {
      if (format === 'voevent') return contentOf('interop.formats[0]@21')
      return format === 'gcntextnotice' ? contentOf('interop.formats[0]@23') : payload
    }
    expect(got).toEqual(
      CASES.flatMap(({ format, payload }) => [
        [read(format, payload), false],
        [read(format, payload), true],
      ]),
    )
  })
})

describe('Python writes every format', () => {
  const messages: readonly HopMessage[] = [
    { content: { far: 1e-9 } },
    { format: 'text', content: '{"uid": "S1"}' },
    { format: 'blob', content: base64('{"a":1}') },
    { format: 'avro', content: [{ alert_type: 'INITIAL', event: { properties: {}, list: [] }, external_coinc: null }] },
    { format: 'avro', content: [{ a: 1 }, { b: 'x' }] },
    { format: 'circular', content: CIRCULAR },
    { format: 'voevent', content: '<voe:VOEvent xmlns:voe="u" ivorn="ivo://x/y"><Who><Date>now</Date></Who></voe:VOEvent>' },
    { format: 'notice', content: 'TITLE: X\nNOTE: a\nNOTE: b\n' },
  ]
  const contents = [
    { far: 1e-9 },
    '{"uid": "S1"}',
    text('{"a":1}'),
    [{ alert_type: 'INITIAL', event: { properties: {}, list: [] }, external_coinc: null }],
    [{ a: 1 }, { b: 'x' }],
    CIRCULAR,
    { ...NO_SECTIONS, ivorn: 'ivo://x/y', role: 'observation', version: '2.0', Who: { Date: 'now' } },
    { raw: text('TITLE: X\nNOTE: a\nNOTE: b\n'), fields: { title: 'X', note: 'a\nb' } },
  ]

  it('decode() and listen() read them, and what nobody can read stops neither', async () => {
    await hopWrite(rig.access, full, messages)
    const sink = rig.client.sink('superevent')
    const broken = ['json', 'avro', 'voevent', 'circular', 'gcntextnotice', 'external']
    for (const format of broken) await sink.send(outgoing(Uint8Array.of(0xff, 0), { format }))
    await sink.send(outgoing(text('{"url": "https://keep.invalid/msg/1"}'), { format: 'external' }))
    const got = await lastValueFrom(
      rig.client.topic('superevent').pipe(
        decode(),
        handle(async ({ payload }) => payload),
        toArray(),
      ),
    )
    expect(got).toEqual([...contents, new ExternalReference('https://keep.invalid/msg/1')])
    const heard: unknown[] = []
    await rig.client.listen((_topic, payload) => heard.push(payload), 'superevent').done
    expect(heard.slice(0, contents.length)).toEqual(contents)
  })
})
