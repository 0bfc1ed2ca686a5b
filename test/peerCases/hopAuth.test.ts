import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadAuthFile } from '../../src/auth/authFile.ts'
import { parseAuthToml } from '../../src/auth/authToml.ts'
import { loadNetrc } from '../../src/auth/netrcFile.ts'
import { selectAuth } from '../../src/auth/select.ts'
import { parseServerUrl } from '../../src/auth/serverUrl.ts'
import { entryText, put, temporaryDirectory } from '../auth/home.ts'
import { passwordOf } from '../auth/proofs.ts'
import { configError } from '../auth/thrown.ts'

const FILE = '/etc/hop/auth.toml'

describe('an auth.toml', () => {
  it('may have inline tables over several lines, with a comma at the end', () => {
    const text = `auth = [
  {
    username = "user1",
    password = "pass1",
    hostname = "host1"
  },
  {
    username = "user2",
    password = "pass2",
    hostname = "host2",
  },
]
`
    expect(parseAuthToml(text, FILE)!.map(({ username, hostname }) => [username, hostname])).toEqual([
      ['user1', 'host1'],
      ['user2', 'host2'],
    ])
  })

  it.each([
    ['username', '[auth]\npassword = "p"\nextra = "stuff"'],
    ['password', '[auth]\nusername = "u"\nextra = "stuff"'],
    ['username', 'auth = [{ extra = "stuff", password = "p" }]'],
    ['password', 'auth = [{ username = "u", extra = "stuff" }]'],
  ])('without %s is an error that names it: %j', async (missing, text) => {
    expect((await configError(() => parseAuthToml(text, FILE))).message).toContain(`missing auth property '${missing}'`)
  })

  it.runIf(process.platform !== 'win32').each([0o040, 0o020, 0o010, 0o004, 0o002, 0o001])(
    'with a single right for others than its owner is refused: %o',
    async right => {
      const path = await put(join(await temporaryDirectory(), 'auth.toml'), entryText('alice', 'x'), 0o600 | right)
      expect((await configError(() => loadAuthFile(path))).message).toContain('has unsafe permissions')
    },
  )
})

describe('the user in the URL', () => {
  it("may have '@' and ':' in it, percent-encoded", () => {
    const { username, address } = parseServerUrl('kafka://a%40%3Ab@example.invalid/')
    const entries = [
      { username: 'a', hostname: '' },
      { username: 'a@:b', hostname: '' },
    ]
    expect(selectAuth(entries, address, username, FILE)).toBe(entries[1])
  })
})

describe('a netrc', () => {
  it("has the credential under the server's whole text, as the seed wants it", async () => {
    const server = parseServerUrl('kafka://kafka.invalid/', 1234)
    const path = await put(join(await temporaryDirectory(), '.netrc'), 'machine kafka://kafka.invalid/ login user-asdf password pw123\n')
    const found = await loadNetrc(server, path)
    expect(found!.entries).toMatchObject([{ username: 'user-asdf', hostname: '', mechanism: 'SCRAM-SHA-512' }])
    expect(passwordOf(found!.entries[0]!.proof)).toBe('pw123')
    expect(await loadNetrc(parseServerUrl('kafka://other.invalid/'), path)).toBeUndefined()
  })
})
