import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { IgwnAlertClient, outgoing, silentLogger } from 'igwn-alert-rx'
import { MemoryTransport, sampleAlerts } from 'igwn-alert-rx/testing'
import { firstValueFrom, lastValueFrom, toArray } from 'rxjs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run as checkpoint } from '../../examples/checkpoint.ts'
import { run as decode } from '../../examples/decode.ts'
import { run as filter } from '../../examples/filter.ts'
import { run as forAwait } from '../../examples/for-await.ts'
import { run as handle } from '../../examples/handle.ts'
import { run as inOrder } from '../../examples/in-order.ts'
import { run as listen } from '../../examples/listen.ts'
import { run as mergeGroups } from '../../examples/merge-groups.ts'
import { run as once } from '../../examples/once.ts'
import { run as publish } from '../../examples/publish.ts'
import { run as silence } from '../../examples/silence.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const programs = readdirSync(`${root}examples`).filter(name => name.endsWith('.ts') && name !== 'environment.ts')

const TOPICS = ['gracedb.superevent', 'gracedb.cbc_gstlal', 'gracedb-playground.superevent']

describe('examples', () => {
  let transport: MemoryTransport
  let client: IgwnAlertClient
  const said: string[] = []
  const say = (line: string): void => void said.push(line)
  const put = (topic: string, value: object): void => void transport.log.append(topic, { value: JSON.stringify(value) })

  beforeEach(() => {
    said.length = 0
    transport = new MemoryTransport()
    for (const topic of TOPICS) transport.log.createTopic(topic)
    client = new IgwnAlertClient({ transport, from: 'earliest', untilEnd: true, logger: silentLogger })
  })
  afterEach(() => client.close())

  it('listen calls back for each alert', async () => {
    put('gracedb.superevent', { uid: 'S1' })
    await listen(client, say).done
    expect(said).toEqual(['superevent: {"uid":"S1"}'])
  })

  it('handle pages for each alert', async () => {
    for (const alert of sampleAlerts(['PRELIMINARY', 'INITIAL'])) put('gracedb.superevent', alert)
    await lastValueFrom(handle(client, async alert => say(alert.alert_type)))
    expect(said).toEqual(['PRELIMINARY', 'INITIAL'])
  })

  it('for-await loops over two topics', async () => {
    put('gracedb.superevent', { uid: 'S1' })
    put('gracedb.cbc_gstlal', { uid: 'G1' })
    await forAwait(client, say)
    expect(said.sort()).toEqual(['cbc_gstlal: {"uid":"G1"}', 'superevent: {"uid":"S1"}'])
  })

  it('filter gives each rare superevent once', async () => {
    const rare = sampleAlerts(['PRELIMINARY', 'INITIAL'], { far: 1e-10 })
    for (const alert of [...rare, ...sampleAlerts(['PRELIMINARY', 'RETRACTION'], { seed: 2, far: 1e-4 })]) put('gracedb.superevent', alert)
    expect(await lastValueFrom(filter(client).pipe(toArray()))).toEqual([rare[0]?.superevent_id])
  })

  it('decode shows every format', async () => {
    const skymap = Uint8Array.of(31, 139)
    for (const format of ['json', 'avro', 'circular'] as const) {
      const payload = format === 'circular' ? { header: { title: 'GCN' }, body: 'S1' } : format === 'avro' ? [{ skymap }] : { uid: 'S1' }
      await client.publish('superevent', outgoing(payload, { format }))
    }
    await lastValueFrom(decode(client, say))
    expect(said).toEqual([
      'superevent, json: {"uid":"S1"}',
      'superevent, avro: [{"skymap":"2 bytes"}]',
      'superevent, circular: {"header":{"title":"GCN"},"body":"S1"}',
    ])
  })

  it('once pages once for what comes twice, and not for what is old', async () => {
    const [old, ...fresh] = sampleAlerts(['EARLYWARNING', 'PRELIMINARY', 'UPDATE'])
    transport.log.append('gracedb.superevent', { value: JSON.stringify(old), timestamp: Date.now() - 86_400_000 })
    for (const alert of [...fresh, ...fresh]) put('gracedb.superevent', alert)
    await lastValueFrom(once([client, client], async alert => say(alert.alert_type)))
    expect(said).toEqual(['PRELIMINARY', 'UPDATE'])
  })

  it('in-order puts two topics in order of time', async () => {
    const time = Date.UTC(2025, 7, 18)
    for (const [seconds, topic] of ['gracedb.superevent', 'gracedb.cbc_gstlal', 'gracedb.superevent'].entries())
      transport.log.append(topic, { value: String(seconds), timestamp: time + seconds * 1_000 })
    await lastValueFrom(inOrder(client, say))
    expect(said).toEqual([
      '2025-08-18T00:00:00.000Z superevent 0',
      '2025-08-18T00:00:01.000Z cbc_gstlal 1',
      '2025-08-18T00:00:02.000Z superevent 2',
    ])
  })

  it('silence says that nothing comes, and since when', async () => {
    await using live = new IgwnAlertClient({ transport, from: 'earliest', logger: silentLogger })
    expect(await firstValueFrom(silence(live, 20))).toMatch(/^no alert since \d{4}-/)
    put('gracedb.superevent', { uid: 'S1' })
    expect(await firstValueFrom(silence(live, 20_000))).toBe('{"uid":"S1"}')
  })

  it('publish stores all three', async () => {
    await publish(client, say)
    expect(said).toEqual(['stored at 0:0', 'stored S250818ac', 'stored S250818ad'])
  })

  it('checkpoint goes on after a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'igwn-alert-rx-examples-'))
    const start = async () => {
      await using restarted = new IgwnAlertClient({ transport, untilEnd: true, logger: silentLogger })
      await lastValueFrom(checkpoint(restarted, join(folder, 'checkpoint'), async alert => say(alert.alert_type)).pipe(toArray()))
    }
    for (const alertType of ['EARLYWARNING', 'PRELIMINARY', 'INITIAL'] as const) {
      await start()
      put('gracedb.superevent', sampleAlerts([alertType])[0]!)
    }
    await start()
    expect(said).toEqual(['EARLYWARNING', 'PRELIMINARY', 'INITIAL'])
    await rm(folder, { recursive: true })
  })

  it('merge-groups says where each alert came from', async () => {
    put('gracedb.superevent', { uid: 'S1' })
    put('gracedb-playground.superevent', { uid: 'MS1' })
    await lastValueFrom(mergeGroups(client, say))
    expect(said.sort()).toEqual(['gracedb-playground: {"uid":"MS1"}', 'gracedb: {"uid":"S1"}'])
  })
  it.each(programs)(
    '%s starts by itself, and says that there are no credentials',
    async name => {
      const words = `no auth.toml in ${root}test/no-such-folder/hop`
      expect(await saidOf(name, words)).toContain(words)
    },
    60_000,
  )
})

/** What an example says on stderr until these words are there, at most to its end: one that tries again for ever has none. */
function saidOf(name: string, words: string): Promise<string> {
  const env = { PATH: process.env['PATH'], XDG_CONFIG_HOME: `${root}test/no-such-folder` }
  const child = spawn(process.execPath, ['--import', 'tsx', `examples/${name}`], { cwd: root, env, timeout: 30_000 })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    said += part
    if (said.includes(words)) child.kill()
  })
  return new Promise((resolve, reject) => child.on('error', reject).on('close', () => resolve(said)))
}
