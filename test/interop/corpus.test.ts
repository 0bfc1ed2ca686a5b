/** What the peers wrote, written again by us: do they read it as they read their own? */
import { IgwnAlertClient, type Outgoing, outgoing, silentLogger } from 'igwn-alert-rx'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Access } from '../bed/bedClient.ts'
import { uniqueName } from '../bed/bedClient.ts'
import { OidcBed, SECRET, USER } from '../bed/oidcBed.ts'
import { hopRead, igwnListen } from '../bed/peerPrograms.ts'
import { EXPECTED } from '../formats/expected.ts'
import { type CorpusRecord, corpus } from '../formats/records.ts'
import { plain } from './differences.ts'
import { InteropRig } from './rig.ts'

interface Case {
  readonly place: string
  readonly message: Outgoing
  /** hop's name of it; igwn-alert has a Python type of its own for what is no JSON. */
  readonly format: string
  readonly content: unknown
}

const MODELS = ['avro', 'circular', 'gcntextnotice', 'voevent']

/** Those that we can write: what is well-formed, and neither a tombstone nor a reference to elsewhere. */
const CASES: readonly Case[] = corpus().flatMap(record => caseOf(record) ?? [])

function caseOf({ place, raw, delivery }: CorpusRecord): Case | undefined {
  const { content, asItCame, refused } = EXPECTED[place]!
  const name = delivery.format?.toLowerCase()
  if (refused || raw.value === null || name === 'external') return undefined
  const payload = asItCame ? raw.value : content
  if (name !== undefined && MODELS.includes(name)) {
    // Its XML: there is no other way to write a VOEvent.
    const written = name === 'voevent' ? raw.value : payload
    return { place, message: outgoing(written, { format: name }), format: name, content }
  }
  if (!(payload instanceof Uint8Array)) return { place, message: outgoing(payload), format: 'json', content: payload }
  // Of a name that hop does not know it makes a blob as well.
  return { place, message: outgoing(payload, { format: name || undefined }), format: 'blob', content: payload }
}

interface Way extends AsyncDisposable {
  readonly client: IgwnAlertClient
  readonly access: Access
  readonly group: string
  /** Makes a topic of the group; gives Kafka's name. */
  topic(name: string): Promise<string>
}

async function byBearer(): Promise<Way> {
  const bed = await OidcBed.start(60_000)
  const { access, caFile, server } = bed
  const group = uniqueName('corpus')
  const auth = { username: USER, password: SECRET, tokenEndpoint: access.tokenEndpoint, caFile }
  const client = new IgwnAlertClient({ server: `kafka://${server}/`, auth, group, logger: silentLogger })
  return {
    client,
    access,
    group,
    topic: name => bed.topic(`${group}.${name}`),
    async [Symbol.asyncDispose]() {
      await client.close()
      await bed[Symbol.asyncDispose]()
    },
  }
}

it('is most of it, of every format that we write', () => {
  expect(CASES.length).toBeGreaterThan(100)
  expect([...new Set(CASES.map(({ format }) => format))].sort()).toEqual(['blob', 'json', ...MODELS].sort())
})

describe.each([
  ['SASL_SSL with SCRAM', async (): Promise<Way> => new InteropRig()],
  ['OAUTHBEARER', byBearer],
])('by %s', (_way, open) => {
  let way: Way
  let full: string
  const isJson = ({ format }: Case): boolean => format === 'json'
  const expected = CASES.map(({ place, format, content }) => ({ place, format, content: plain(content) }))

  beforeAll(async () => {
    way = await open()
    full = await way.topic('superevent')
    // Compressed: the largest is larger than a topic takes by default.
    const sink = way.client.sink('superevent', { compression: 'gzip' })
    await Promise.all(CASES.map(({ message }) => sink.send(message)))
  })
  afterAll(() => way?.[Symbol.asyncDispose]())

  it('hop reads all of it', async () => {
    const read = await hopRead(way.access, { topics: [full], group: uniqueName('alice'), exact: true })
    expect(read.map(({ format, payload }, nth) => ({ place: CASES[nth]?.place, format, content: payload }))).toEqual(expected)
  })

  it("igwn-alert's callback gets all of it", async () => {
    const { access, group } = way
    await using listener = await igwnListen(access, {
      group,
      topics: ['superevent'],
      consumerGroup: uniqueName('alice'),
      count: CASES.length,
      exact: true,
    })
    const heard = await listener.until(CASES.length)
    expect(heard.map(({ payload }, nth) => ({ place: CASES[nth]?.place, content: payload }))).toEqual(
      expected.map(({ place, content }) => ({ place, content })),
    )
    expect(heard.map(({ type }) => /^(dict|list|str|int|float|bool|NoneType)$/.test(type))).toEqual(CASES.map(isJson))
  })
})
