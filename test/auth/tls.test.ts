import { createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, createServer, rootCertificates } from 'node:tls'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { checkTls, createTls, type TlsOptions, type TlsSettings } from '../../src/auth/tls.ts'
import { expectNoSecret } from '../support/canary.ts'
import { CERTIFICATE, KEY } from './certificate.ts'
import { temporaryDirectory } from './home.ts'
import { configError } from './thrown.ts'

const NAME = 'broker.invalid'
const LOCKED_KEY = createPrivateKey(KEY)
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' })
  .toString()

/** A server with the certificate for `broker.invalid` that asks for ours; its port. */
async function listening(): Promise<{ port: number; seen: () => unknown }> {
  const seen: unknown[] = []
  const server = createServer({ cert: CERTIFICATE, key: KEY, requestCert: true, rejectUnauthorized: false }, socket => {
    seen.push(socket.getPeerCertificate().subject?.CN)
    socket.on('error', () => {}).end('hello')
  })
  server.on('tlsClientError', () => {})
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, seen: () => seen[0] }
}

/** 'connected', or the code of TLS's error. */
async function handshake(port: number, settings: TlsSettings, name = NAME): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, servername: name, ...settings })
  onTestFinished(() => void socket.destroy())
  try {
    await once(socket, 'data')
    return socket.authorized ? 'connected' : 'connected unchecked'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'no code'
  }
}

describe('a real handshake', () => {
  test.each<[string, boolean | TlsOptions | undefined, string]>([
    ["Node's roots do not know it", true, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['trusted by its text', { ca: CERTIFICATE }, 'connected'],
    ['trusted by its bytes', { ca: Buffer.from(CERTIFICATE) }, 'connected'],
    ['trusted in a list', { ca: [rootCertificates[0]!, CERTIFICATE] }, 'connected'],
    ['only what is given is trusted', { ca: rootCertificates[0]! }, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ])('%s', async (_, tls, expected) => {
    const { port } = await listening()
    expect(await handshake(port, await createTls(tls, undefined))).toBe(expected)
  })

  test('a name that the certificate does not bear', async () => {
    const { port } = await listening()
    expect(await handshake(port, await createTls({ ca: CERTIFICATE }, undefined), 'other.invalid')).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
  })

  test('servername: the name to be borne, whatever the host', async () => {
    const { port } = await listening()
    expect(await handshake(port, await createTls({ ca: CERTIFICATE, servername: NAME }, undefined), 'other.invalid')).toBe('connected')
  })

  test.each<TlsOptions>([
    { cert: CERTIFICATE, key: Buffer.from(KEY) },
    { cert: Buffer.from(CERTIFICATE), key: LOCKED_KEY, passphrase: 'open sesame' },
  ])('our own certificate %#', async own => {
    const { port, seen } = await listening()
    await handshake(port, await createTls({ ca: CERTIFICATE, ...own }, undefined))
    await vi.waitFor(() => expect(seen()).toBe(NAME))
  })

  test('the environment cannot turn the check off', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    onTestFinished(() => void vi.unstubAllEnvs())
    // Node warns of that variable, once.
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
    onTestFinished(() => warning.mockRestore())
    const { port } = await listening()
    expect(await handshake(port, await createTls(true, undefined))).toBe('DEPTH_ZERO_SELF_SIGNED_CERT')
  })

  test('a CA file; `ca` in code goes before it', async () => {
    const { port } = await listening()
    const directory = await temporaryDirectory()
    const path = join(directory, 'ca.pem')
    await writeFile(path, CERTIFICATE)
    expect(await handshake(port, await createTls(undefined, path))).toBe('connected')
    expect(await handshake(port, await createTls({ servername: NAME }, path), 'other.invalid')).toBe('connected')
    expect(await handshake(port, await createTls({ ca: CERTIFICATE }, join(directory, 'none.pem')))).toBe('connected')
  })

  test('a directory of authorities: the names that openssl rehash gives', async () => {
    const { port } = await listening()
    const directory = await temporaryDirectory()
    await writeFile(join(directory, '0a1b2c3d.0'), rootCertificates[0]!)
    await writeFile(join(directory, 'readme.txt'), 'not a certificate')
    expect(await handshake(port, await createTls(undefined, directory))).toBe('DEPTH_ZERO_SELF_SIGNED_CERT')
    await writeFile(join(directory, '0a1b2c3d.1'), CERTIFICATE)
    expect(await handshake(port, await createTls(undefined, directory))).toBe('connected')
  })
})

describe('CA files that are none', () => {
  test('missing', async () => {
    const path = join(await temporaryDirectory(), 'none.pem')
    const { message } = await configError(() => createTls(undefined, path))
    expect(message).toContain(`the file of certificate authorities ${path} does not exist. Correct ssl_ca_location in auth.toml`)
  })

  test.each(['', 'text', '-----BEGIN CERTIFICATE-----\nzz\n-----END CERTIFICATE-----', KEY])('without a certificate: %#', async text => {
    const path = join(await temporaryDirectory(), 'ca.pem')
    await writeFile(path, text)
    expect((await configError(() => createTls(undefined, path))).message).toContain(`${path} holds no certificate`)
  })

  test('an empty directory', async () => {
    const directory = await temporaryDirectory()
    expect((await configError(() => createTls(undefined, directory))).message).toContain(`${directory} holds no certificate`)
  })
})

test.each<[unknown, string]>([
  ['yes', 'tls must be true, false or'],
  [null, 'tls must be true, false or'],
  [
    { rejectUnauthorized: false },
    'tls.rejectUnauthorized: the check of certificates cannot be turned off or replaced. Trust the certificate by `tls.ca`',
  ],
  [{ checkServerIdentity: () => undefined }, 'tls.checkServerIdentity: the check of certificates cannot'],
  [{ cafile: '/ca.pem' }, "tls has an unknown field 'cafile'. The fields are ca, servername, cert, key, passphrase"],
  [
    { ca: '/etc/ssl/ca.pem' },
    'tls.ca holds no certificate that can be read in PEM form (-----BEGIN CERTIFICATE-----). Give the text itself',
  ],
  [{ ca: [] }, 'tls.ca holds no certificate'],
  [{ ca: 7 }, 'tls.ca must be PEM text, bytes or a list of them, got number'],
  [{ ca: [7] }, 'tls.ca must be PEM text or bytes, got number'],
  [{ servername: '' }, 'tls.servername must be text'],
  [{ servername: '127.0.0.1' }, 'tls.servername must be a name, got an IP address'],
  [{ cert: CERTIFICATE }, 'tls.cert and tls.key belong together'],
  [{ key: KEY }, 'tls.cert and tls.key belong together'],
  [{ cert: rootCertificates[0], key: KEY }, "tls.key is not the key of tls.cert's first certificate. Give both as PEM text"],
  [{ cert: CERTIFICATE, key: 'nonsense' }, 'tls.cert or tls.key cannot be read: ERR_OSSL'],
  [{ cert: CERTIFICATE, key: LOCKED_KEY }, 'tls.cert or tls.key cannot be read: ERR_'],
  [{ cert: CERTIFICATE, key: LOCKED_KEY, passphrase: 'wrong' }, 'tls.cert or tls.key cannot be read: ERR_OSSL'],
])('refuses %#', async (tls, text) => {
  const error = await configError(() => checkTls(tls as TlsOptions))
  expect(error.message).toContain(text)
  expectNoSecret(KEY.split('\n')[1]!, error)
})

test('takes what is right', () => {
  const all: TlsOptions = { ca: CERTIFICATE, servername: NAME, cert: CERTIFICATE, key: KEY }
  for (const tls of [undefined, true, false, {}, all]) expect(() => checkTls(tls)).not.toThrow()
})

test('the key is out of sight', async () => {
  const settings = await createTls({ cert: CERTIFICATE, key: KEY }, undefined)
  for (const line of KEY.split('\n').slice(1, 3)) expectNoSecret(line, settings)
})
