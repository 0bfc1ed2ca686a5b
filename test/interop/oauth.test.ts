import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { handle, IgwnAlertClient, outgoing, parseJson, silentLogger } from 'igwn-alert-rx'
import { lastValueFrom, toArray } from 'rxjs'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Access, uniqueName } from '../bed/bedClient.ts'
import { OidcBed, SECRET, USER } from '../bed/oidcBed.ts'
import { confluentWrite, hopRead, hopWrite, igwnListen, igwnPublish } from '../bed/peerPrograms.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** Of a token: long enough for the peers, which do not ask for another one while they start. */
const LIFETIME = 30_000

let bed: OidcBed
let directory: string
let group: string
let full: string

beforeAll(async () => {
  bed = await OidcBed.start(LIFETIME)
  directory = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-oauth-'))
})
afterAll(async () => {
  await bed?.[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})
beforeEach(async () => {
  group = uniqueName('bearer')
  full = await bed.topic(`${group}.superevent`)
})

/** hop's groups have to begin with the user's name. */
const consumerGroup = (): string => uniqueName(USER)

async function accessBy(way: 'token_endpoint' | 'token_command'): Promise<Access> {
  if (way === 'token_endpoint') return bed.access
  const file = join(directory, uniqueName('token'))
  await writeFile(file, bed.oidc.token(USER, 10 * 60_000))
  const { tokenEndpoint: _, ...rest } = bed.access
  return { ...rest, password: '', tokenCommand: `cat '${file}'` }
}

describe.each(['token_endpoint', 'token_command'] as const)('the same credential in both languages, by %s', way => {
  let access: Access
  let client: IgwnAlertClient
  beforeEach(async () => {
    access = await accessBy(way)
    const { tokenCommand, tokenEndpoint } = access
    const auth = tokenCommand === undefined ? { username: USER, password: SECRET, tokenEndpoint } : { tokenCommand }
    client = new IgwnAlertClient({
      server: `kafka://${bed.server}/`,
      auth: { ...auth, caFile: bed.caFile },
      group,
      from: 'earliest',
      untilEnd: true,
      logger: silentLogger,
    })
    return () => client.close()
  })
  const heardByUs = () =>
    lastValueFrom(
      client.topic('superevent').pipe(
        parseJson(),
        handle(async ({ payload, sender }) => [payload, sender]),
        toArray(),
      ),
    )

  it('hop reads what we write', async () => {
    const sink = client.sink('superevent')
    const { id } = await sink.send(outgoing({ uid: 'S1' }, { key: 'S1' }))
    const [record] = await hopRead(access, { topics: [full], group: consumerGroup() })
    expect(record).toMatchObject({ payload: { uid: 'S1' }, sender: USER, id: id.replaceAll('-', '') })
  })

  it('igwn-alert hears what we publish', async () => {
    await client.publish('superevent', { uid: 'S2' })
    await using listener = await igwnListen(access, { group, topics: ['superevent'], consumerGroup: consumerGroup(), count: 1 })
    expect(await listener.until(1)).toEqual([{ topic: 'superevent', payload: { uid: 'S2' }, type: 'dict' }])
  })

  it('we hear what hop and igwn-alert write', async () => {
    await hopWrite(access, full, [{ content: { uid: 'S3' } }])
    await igwnPublish(access, group, [{ topic: 'superevent', payload: { uid: 'S4' } }])
    expect(await heardByUs()).toEqual([
      [{ uid: 'S3' }, USER],
      [{ uid: 'S4' }, USER],
    ])
  })
})

it('librdkafka with its own client of OpenID Connect writes, we read', async () => {
  const alert = JSON.stringify({ uid: 'S5' })
  expect(await confluentWrite(bed.access, full, { messages: [{ value: base64(alert) }] })).toMatchObject([{ error: null, value: alert }])
  const auth = { username: USER, password: SECRET, tokenEndpoint: bed.access.tokenEndpoint, caFile: bed.caFile }
  await using client = new IgwnAlertClient({
    server: `kafka://${bed.server}/`,
    auth,
    group: null,
    from: 'earliest',
    untilEnd: true,
    logger: silentLogger,
  })
  const read = client.topic(full).pipe(
    parseJson(),
    handle(async ({ payload }) => payload),
    toArray(),
  )
  expect(await lastValueFrom(read)).toEqual([{ uid: 'S5' }])
})
