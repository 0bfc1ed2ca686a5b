import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hopRead, hopWrite, igwnListen } from '../bed/peerPrograms.ts'
import type { Ended } from '../cli/child.ts'
import { CommandRig } from './commandRig.ts'

const ALERT = { superevent_id: 'S250818ab', far: 1.5e-10, gps: 1419724818, text: 'gravité', event: { classification: { BNS: 0.5 } } }
const TEXT = JSON.stringify(ALERT, null, 2)
const LAST = 'the last one'
/** What a publisher of Python's writes: dicts, lists and texts, JSON within a text as GraceDB's, a test message. */
const WRITTEN = [
  { content: ALERT },
  { format: 'text', content: TEXT },
  { content: [1, null, 'é', 2.5, true] },
  { content: { hidden: true }, test: true },
  { format: 'text', content: LAST },
] as const
const READ = [ALERT, ALERT, [1, null, 'é', 2.5, true], LAST]

const linesOf = ({ out }: Ended): string[] => out.split('\n').filter(line => line !== '')
const payloadsOf = (ended: Ended): unknown[] => linesOf(ended).map(line => (JSON.parse(line) as { payload: unknown }).payload)
/** As `json.loads(payload)` in a callback, for a text of JSON. */
const loaded = (payload: unknown): unknown =>
  typeof payload === 'string' && /^[{["]/.test(payload) ? loaded(JSON.parse(payload)) : payload

/** The last line says why; no trace of a stack. */
const expectLine = ({ err }: Ended, text: string | RegExp): void => {
  expect(err).toMatch(/^(igwn-alert-rx: .*\n)+$/)
  expect(err.trimEnd().split('\n').at(-1)).toMatch(text)
}
const expectTraceback = ({ code, err }: Ended, text: string): void => {
  expect(code).toBe(1)
  expect(err).toContain('Traceback')
  expect(err).toContain(text)
}

const everything = ['--from', 'earliest', '--until-end', '--json']

describe("the command and Python's igwn-alert, flag by flag", () => {
  let rig: CommandRig
  /** Of alice. */
  let env: NodeJS.ProcessEnv
  let base: string[]
  let alice: { username: string; password: string }
  /** The peer's listener; it takes its 10 s. */
  let wrongPassword: Promise<Ended>

  const ours = (args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ended> => rig.ours([...base, ...args], { ...env, ...more })
  const peer = (args: readonly string[]): Promise<Ended> => rig.peer([...base, ...args], env)
  const both = (args: readonly string[]): Promise<[peer: Ended, ours: Ended]> => Promise.all([peer(args), ours(args)])
  /** A group of alice's that starts at the topic's first record: without a commit the peer starts at the end. */
  const groupAtStart = async (topic: string): Promise<string> => {
    const group = `alice-${topic}-${Math.random().toString(36).slice(2)}`
    await rig.bed.commit(group, `${rig.group}.${topic}`, [0])
    return group
  }

  beforeAll(async () => {
    rig = await CommandRig.open()
    alice = { username: 'alice', password: rig.bed.users['alice'] ?? '' }
    env = await rig.home(alice)
    base = ['-s', rig.server, '-g', rig.group]
    const full = await rig.topic('superevent')
    await hopWrite(rig.bed.access('alice'), full, WRITTEN)
    const lost = await rig.home({ username: 'alice', password: 'wrong' })
    wrongPassword = rig.peer([...base, 'listen', 'superevent'], lost)
  })
  afterAll(() => rig?.[Symbol.asyncDispose]())

  describe('where both work', () => {
    it('topics: the same; the peer with a heading, ours one a line and no more', async () => {
      await rig.topic('other', ['read'])
      await rig.bed.createTopic(`${rig.group}.hidden`)
      const [theirs, our] = await both(['topics'])
      const [heading, ...names] = linesOf(theirs)
      expect(heading).toBe(`Topics for group ${rig.group} associated with the current credential:`)
      expect(linesOf(our)).toEqual(names.sort())
      expect(our).toMatchObject({ code: 0, err: '' })
      expect(names).toContain('superevent')
      expect(names).not.toContain('hidden')
    })

    it('listen: the payloads that a callback of the peer gets, texts of JSON opened', async () => {
      const listener = await igwnListen(rig.bed.access('alice'), { group: rig.group, topics: ['superevent'], count: READ.length })
      const [{ lines }, our] = await Promise.all([listener.result, ours(['listen', 'superevent', ...everything])])
      expect(lines.map(({ payload }) => loaded(payload))).toEqual(READ)
      expect(payloadsOf(our)).toEqual(READ)
      expect(our).toMatchObject({ code: 0, err: '' })
    })

    it('-c: the same records, and the place that the other has committed', async () => {
      const group = await groupAtStart('superevent')
      const theirs = await rig.heard([...base, '-c', group, 'listen', 'superevent'], env, LAST)
      expect(theirs.code).toBe(0)
      expect(theirs.out.match(/^New message from topic .*:$/gm)).toEqual(
        Array(READ.length).fill(`New message from topic ${rig.group}.superevent:`),
      )
      for (const text of [TEXT, "[1, None, 'é', 2.5, True]", "'superevent_id': 'S250818ab'"]) expect(theirs.out).toContain(text)
      expect(await rig.bed.committed(group, `${rig.group}.superevent`)).toEqual([WRITTEN.length])
      expect(await ours(['-c', group, 'listen', 'superevent', ...everything])).toEqual({ code: 0, out: '', err: '' })

      const own = await groupAtStart('superevent')
      expect(payloadsOf(await ours(['-c', own, 'listen', 'superevent', ...everything]))).toEqual(READ)
      expect(await rig.bed.committed(own, `${rig.group}.superevent`)).toEqual([WRITTEN.length])
    })

    it('send: each reads what the other has sent; ours in the two layers of GraceDB, the peer in three', async () => {
      await rig.topic('sent')
      const file = await rig.file('alert.json', TEXT)
      const our = await ours(['send', 'sent', file])
      expect(our).toMatchObject({ code: 0, err: '' })
      expect(our.out).toMatch(new RegExp(`^${file}: ${rig.group}\\.sent\\[0\\]@0 [0-9a-f-]{36}\\n$`))
      expect(await peer(['send', 'sent', file])).toMatchObject({ code: 0, out: '' })
      const listener = await igwnListen(rig.bed.access('alice'), { group: rig.group, topics: ['sent'], count: 2 })
      const [{ lines }, read] = await Promise.all([listener.result, ours(['listen', 'sent', ...everything])])
      expect(lines.map(({ payload }) => payload)).toEqual([TEXT, JSON.stringify(TEXT).replace('é', '\\u00e9')])
      expect(payloadsOf(read)).toEqual([ALERT, ALERT])
    })

    it('--no-auth', async () => {
      const anonymous = ['-s', rig.plainServer, '-g', rig.group, '--no-auth', 'topics']
      const [theirs, our] = await Promise.all([rig.peer(anonymous, env), rig.ours(anonymous, env)])
      expect(linesOf(our)).toEqual(linesOf(theirs).slice(1).sort())
      expect(linesOf(our)).toContain('hidden')
    })

    it('-l: how much is said on stderr', async () => {
      const [theirGroup, group] = [await groupAtStart('superevent'), await groupAtStart('superevent')]
      const [theirs, quiet, loud] = await Promise.all([
        rig.heard([...base, '-l', 'info', '-c', theirGroup, 'listen', 'superevent'], env, LAST),
        ours(['-l', 'critical', 'listen', 'superevent', ...everything]),
        ours(['-l', 'debug', '-c', group, 'listen', 'superevent', ...everything]),
      ])
      expect(theirs.err).toContain('INFO:igwn_alert')
      expect(quiet).toMatchObject({ code: 0, err: '' })
      expect(loud.err).toContain(`igwn-alert-rx: the group gave us ${rig.group}.superevent[0]`)
      expect(payloadsOf(loud)).toEqual(READ)
    })

    it('-j of a text of JSON: the same text', async () => {
      const full = await rig.topic('texts')
      await hopWrite(rig.bed.access('alice'), full, [{ format: 'text', content: TEXT }])
      const group = await groupAtStart('texts')
      const theirs = await rig.heard([...base, '-j', '-c', group, 'listen', 'texts'], env, '\n}\n')
      const our = await ours(['-j', 'listen', 'texts', '--from', 'earliest', '--until-end'])
      const body = ({ out }: Ended): string => out.slice(out.indexOf('\n') + 1).trimEnd()
      expect(body(our)).toBe(JSON.stringify(ALERT, null, 4))
      expect(body(theirs)).toBe(body(our).replace('é', '\\u00e9'))
    })

    it('-V', async () => {
      const [theirs, our] = await both(['-V'])
      expect(theirs).toMatchObject({ code: 0, out: 'igwn-alert client 0.7.0\n' })
      expect(our).toMatchObject({ code: 0, err: '' })
      expect(our.out).toMatch(/^\d+\.\d+\.\d+\n$/)
    })
  })

  describe('where both refuse: the peer with a traceback, ours in one line', () => {
    it('a wrong password: the peer takes it for a broken connection', async () => {
      const lost = await rig.home({ username: 'alice', password: 'wrong' })
      const our = await rig.ours([...base, 'listen', 'superevent'], lost)
      expect(our).toMatchObject({ code: 1, out: '' })
      expectLine(our, /"alice".*Check the username and the password$/)
      expect(our.err).not.toContain('wrong')
      expectTraceback(await wrongPassword, 'Broker transport failure')
    })

    it('an unknown topic', async () => {
      const [theirs, our] = await both(['listen', 'supervent'])
      expectTraceback(theirs, `topic ${rig.group}.supervent does not exist on the broker`)
      expect(our).toMatchObject({ code: 1, out: '' })
      expectLine(our, new RegExp(`Nearest existing topics: .*${rig.group}\\.superevent`))
    })

    it('a server without its scheme', async () => {
      const args = ['-s', 'kafka.invalid', '-g', rig.group, 'listen', 'superevent']
      const [theirs, our] = await Promise.all([rig.peer(args, env), rig.ours(args, env)])
      expectTraceback(theirs, 'ValueError')
      expect(our.code).toBe(2)
      expectLine(our, "Write 'kafka://kafka.invalid/'")
    })

    it.each([
      ['subscriptions', 1],
      ['unsubscribe', 1],
      ['subscribe', 2],
    ])('%s: exit code %i', async (name, code) => {
      const [theirs, our] = await both([name])
      expect([theirs.code, our.code]).toEqual([code, code])
      expect(theirs.err).toContain(code === 1 ? 'DeprecationWarning' : 'invalid choice')
      expectLine(our, name)
    })
  })

  describe('where the peer fails and ours works', () => {
    it('-p: the peer takes it for a text', async () => {
      const [theirs, our] = await both(['-p', '9092', 'topics'])
      expectTraceback(theirs, `"port" must be int, not <class 'str'>`)
      expect(our.code).toBe(0)
      const [host, port] = rig.bed.brokers[0]!.plaintext.split(':')
      const elsewhere = await rig.ours(['-s', `kafka://${host}/`, '-p', port!, '--no-auth', '-g', rig.group, 'topics'], env)
      expect(linesOf(elsewhere)).toContain('superevent')
    })

    it('-j of a dict: the peer wants a text, and ends', async () => {
      const group = await groupAtStart('superevent')
      const [theirs, our] = await Promise.all([
        peer(['-j', '-c', group, 'listen', 'superevent']),
        ours(['-j', 'listen', 'superevent', '--from', 'earliest', '--count', '1']),
      ])
      expectTraceback(theirs, 'the JSON object must be str, bytes or bytearray, not dict')
      expect(our).toMatchObject({ code: 0, err: '' })
      expect(our.out.slice(our.out.indexOf('\n') + 1)).toBe(`${JSON.stringify(ALERT, null, 4)}\n\n`)
    })

    it('-r -t -w: the peer takes both for texts, and ends at once', async () => {
      await rig.topic('forbidden', ['describe'])
      const types = `from igwn_alert.tool import parser
flags = parser().parse_args(['-t', '2', '-w', '0.5', 'listen'])
print(type(flags.listen_retries), type(flags.retry_wait))`
      expect(await rig.python(types)).toBe("<class 'str'> <class 'str'>\n")
      const flags = ['-r', '-t', '2', '-w', '0.5', 'listen', 'forbidden']
      const begun = performance.now()
      const [theirs, our] = await both(flags)
      expectTraceback(theirs, 'TOPIC_AUTHORIZATION_FAILED')
      expect(our).toMatchObject({ code: 1, out: '' })
      // Three tries, 0.5 s apart.
      expect(our.err.match(/^igwn-alert-rx: the stream of .* ended: /gm)).toHaveLength(3)
      expect(performance.now() - begun).toBeGreaterThan(1000)
    })

    it('-u: of two credentials for a server the peer finds neither', async () => {
      const two = await rig.home(alice, { username: 'bob', password: rig.bed.users['bob'] ?? '' })
      const args = [...base, '-u', 'alice', 'topics']
      const [theirs, our, ambiguous] = await Promise.all([rig.peer(args, two), rig.ours(args, two), rig.ours([...base, 'topics'], two)])
      expectTraceback(theirs, 'No matching credential found')
      expect(linesOf(our)).toContain('superevent')
      expect(ambiguous.code).toBe(2)
      expectLine(ambiguous, 'Ambiguous credentials found')
    })

    it('-n: the peer looks for ~/.netrc instead', async () => {
      const [host, port] = rig.bed.brokers[0]!.saslSsl.split(':')
      const server = ['-s', `kafka://${host}/`, '-g', rig.group]
      const file = await rig.file('netrc', `machine kafka://${host}/ login alice password ${alice.password}\n`)
      const nobody = { ...(await rig.home()), NODE_EXTRA_CA_CERTS: rig.bed.caFile }
      const [theirs, our] = await Promise.all([
        rig.peer([...server, '-n', file, 'topics'], nobody),
        rig.ours([...server, '-p', port!, '-n', file, 'topics'], nobody),
      ])
      expectTraceback(theirs, '.netrc')
      expect(our).toMatchObject({ code: 0, err: '' })
      expect(linesOf(our)).toContain('superevent')
    })

    it('flags after the sub-command', async () => {
      const args = ['topics', ...base]
      const [theirs, our] = await Promise.all([rig.peer(args, env), rig.ours(args, env)])
      expect(theirs.code).toBe(2)
      expect(linesOf(our)).toContain('superevent')
    })

    it('send of several files: the peer takes all but the last for topics', async () => {
      await rig.topic('several', ['read', 'write'], 1000)
      const files = [
        await rig.file('a.json', '{"n": 1}'),
        await rig.file('big.json', JSON.stringify('x'.repeat(2000))),
        await rig.file('c.json', '{"n": 3}'),
      ]
      const [theirs, our] = await both(['send', 'several', ...files])
      expectTraceback(theirs, 'No topic specified for write')
      expect(our.code).toBe(1)
      expect(linesOf(our).map(line => line.split(' ')[0])).toEqual([`${files[0]}:`, `${files[2]}:`])
      expect(our.err).toMatch(new RegExp(`^igwn-alert-rx: ${files[1]}: .*\\nigwn-alert-rx: 1 of 3 files failed\\n$`))
      expect(payloadsOf(await ours(['listen', 'several', ...everything]))).toEqual([{ n: 1 }, { n: 3 }])
    })

    it('send --format: hop reads what ours sends', async () => {
      const full = await rig.topic('formats')
      const [alert, circular] = [await rig.file('alert.json', TEXT), await rig.file('c.txt', 'TITLE: GCN\nSUBJECT: S250818ab\n\nSeen.\n')]
      for (const [file, format] of [
        [alert, 'avro'],
        [circular, 'circular'],
        [alert, 'json'],
      ] as const)
        expect(await ours(['send', 'formats', file, '--format', format])).toMatchObject({ code: 0, err: '' })
      const read = await hopRead(rig.bed.access('alice'), { topics: [full], count: 3 })
      expect(read.map(({ format, payload }) => [format, payload])).toEqual([
        ['avro', ALERT],
        ['circular', { header: { title: 'GCN', subject: 'S250818ab' }, body: 'Seen.\n' }],
        ['json', ALERT],
      ])
    })
  })
})
