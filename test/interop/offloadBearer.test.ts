import { decode, IgwnAlertClient, silentLogger } from 'igwn-alert-rx'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { uniqueName } from '../bed/bedClient.ts'
import { OffloadServer } from '../bed/offloadServer.ts'
import { OidcBed, USER } from '../bed/oidcBed.ts'
import { hopWrite } from '../bed/peerPrograms.ts'

/** ASCII: any other secret hop's HTTP library sends as Latin-1. */
const SECRET = 'client+secret/=%25'
const LARGE = { uid: 'S1', pad: 'z'.repeat(5_000) }

let bed: OidcBed
let server: OffloadServer

beforeAll(async () => {
  bed = await OidcBed.start(60_000)
  bed.oidc.setSecret(USER, SECRET)
  server = await OffloadServer.start({ takesToken: token => subjectOf(token) === USER })
  await bed.topic('sys.metadata')
  await bed.kafka.produce('sys.metadata', [JSON.stringify({ LargeMessageUploadEndpoint: server.origin })])
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await bed[Symbol.asyncDispose]()
})

function subjectOf(token: string): unknown {
  const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  return typeof claims === 'object' && claims !== null && 'sub' in claims ? claims.sub : undefined
}

it('hop puts a message elsewhere with a bearer token, we fetch it with one', async () => {
  const group = uniqueName('offload')
  const full = `${group}.superevent`
  await bed.kafka.createTopic(full, { config: { 'max.message.bytes': '2000' } })
  await bed.kafka.grant(USER, 'topic', full, ['read', 'write', 'describeConfigs'])
  await hopWrite({ ...bed.access, password: SECRET }, full, [{ content: LARGE, key: 'S1' }])
  const client = new IgwnAlertClient({
    server: `kafka://${bed.server}/`,
    auth: { username: USER, password: SECRET, tokenEndpoint: bed.oidc.tokenEndpoint, caFile: bed.caFile },
    group,
    from: 'earliest',
    untilEnd: true,
    logger: silentLogger,
  })
  onTestFinished(() => client.close())
  const payloads: unknown[] = []
  for await (const { payload } of client.topic('superevent').pipe(decode({ external: client.external() }))) payloads.push(payload)
  expect(payloads).toEqual([LARGE])
  expect(server.seen.map(({ method, headers }) => [method, headers.authorization?.split(' ')[0]])).toEqual([
    ['POST', 'Bearer'],
    ['GET', 'Bearer'],
  ])
})
