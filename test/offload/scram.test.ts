import { describe, expect, it, test } from 'vitest'
import { ScramClient, type ScramCredential } from '../../src/offload/ScramClient.ts'

interface Exchange {
  readonly credential: ScramCredential
  readonly nonce: string
  readonly clientFirst: string
  readonly serverFirst: string
  readonly clientFinal: string
  readonly serverFinal: string
}

/** RFC 7677, section 3. */
const RFC: Exchange = {
  credential: { mechanism: 'SCRAM-SHA-256', username: 'user', password: 'pencil' },
  nonce: 'rOprNGfwEbeRWgbNEkqO',
  clientFirst: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
  serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  clientFinal: 'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
}

const NONCE = '-CGXx3e2RaR8DsdmLZ7wiVnSVUtPpuPLq4Ygnenuj28'
const SERVER_NONCE = `${NONCE}3ca12331914e0fe94ab7446e5d13eeda66f1f9006df78b414685ad943f616f81`

/** As hop 0.13 spoke to a server for large messages. */
const HOP: Exchange = {
  credential: { mechanism: 'SCRAM-SHA-512', username: 'alice', password: 'secret' },
  nonce: NONCE,
  clientFirst: `n,,n=alice,r=${NONCE}`,
  serverFirst: `r=${SERVER_NONCE},s=trwTl1TEp2KGKWeklH1Fw/AcraA6BL5HX/DYqpLL+58=,i=4096`,
  clientFinal: `c=biws,r=${SERVER_NONCE},p=eM6DQKhhRDt8PSsLZN4sAiAD/8s0wGVbbEKlijomkQHVfowbRV3o6NhywrbWZl11QgALDWLKdlbQTPTYwYe9mQ==`,
  serverFinal: 'v=ne/qRmi/Vv6qlRu2IysWGX23ZJXQuvbsYNAqx8b5s2gdEv/6s5P4fOI2PNWzsvRfgc/yXspBJbFwZfzq1iCwHQ==',
}

describe.each([
  ['RFC 7677', RFC],
  ["hop's exchange", HOP],
])('%s', (_name, { credential, nonce, clientFirst, serverFirst, clientFinal, serverFinal }) => {
  it('is spoken word for word', async () => {
    const client = new ScramClient(credential, nonce)
    expect(client.first).toBe(clientFirst)
    expect(await client.final(serverFirst)).toBe(clientFinal)
    expect(await client.accepts(serverFinal)).toBe(true)
  })

  test.each([
    ['another signature', serverFinal.replace(/^v=./, 'v=A')],
    ['a shorter one', `v=${serverFinal.slice(2, 22)}`],
    ['none', 'v='],
    ['no base64', 'v=*'],
    ['an error', 'e=invalid-proof'],
    ['nothing', ''],
  ])('does not accept %s', async (_what, final) => {
    const client = new ScramClient(credential, nonce)
    await client.final(serverFirst)
    expect(await client.accepts(final)).toBe(false)
  })

  it('does not accept a signature before the exchange', async () => {
    expect(await new ScramClient(credential, nonce).accepts(serverFinal)).toBe(false)
  })
})

describe("the server's first message", () => {
  const salt = 'W22ZaJ0SNY7soEsUEjb6gQ=='
  const refusal = (text: string): Promise<unknown> =>
    new ScramClient(RFC.credential, 'abc').final(text).then(
      () => 'taken',
      (error: unknown) => error,
    )

  test.each([
    ['nothing', '', 'first message'],
    ['no salt', 'r=abcd,i=4096', 'first message'],
    ['a salt that is no base64', `r=abcd,s=*,i=4096`, 'first message'],
    ['a salt of a wrong length', `r=abcd,s=A,i=4096`, 'first message'],
    ['an extension that has to be understood', `m=x,r=abcd,s=${salt},i=4096`, 'first message'],
    ['our nonce alone', `r=abc,s=${salt},i=4096`, 'nonce'],
    ["another's nonce", `r=xyz123,s=${salt},i=4096`, 'nonce'],
    ['too few iterations', `r=abcd,s=${salt},i=4095`, 'expected 4096 to 1000000'],
    ['too many iterations', `r=abcd,s=${salt},i=1000001`, 'expected 4096 to 1000000'],
    ['far too many iterations', `r=abcd,s=${salt},i=999999999999`, 'first message'],
    ['iterations that are no number', `r=abcd,s=${salt},i=-1`, 'first message'],
  ])('with %s is refused', async (_what, text, why) => {
    expect(await refusal(text)).toMatchObject({ code: 'ALERT_PROTOCOL', message: expect.stringContaining(why) })
  })

  it('may hold more than is known', async () => {
    expect(await refusal(`r=abcd,s=${salt},i=4096,x=1`)).toBe('taken')
  })
})

describe("the client's first message", () => {
  const firstOf = (username: string): string => new ScramClient({ ...RFC.credential, username }, 'abc').first

  it('has a fresh nonce of 43 characters each time', () => {
    const nonces = Array.from({ length: 20 }, () => /r=([\w-]{43})$/.exec(new ScramClient(RFC.credential).first)?.[1])
    expect(nonces).not.toContain(undefined)
    expect(new Set(nonces).size).toBe(20)
  })

  it('escapes what separates', () => {
    expect(firstOf('a=b,c')).toBe('n,,n=a=3Db=2Cc,r=abc')
  })

  it('maps names as SASLprep does', () => {
    expect(firstOf('I\u00adX')).toBe('n,,n=IX,r=abc')
    expect(firstOf('a\u00a0b')).toBe('n,,n=a b,r=abc')
    expect(firstOf('\u2168')).toBe('n,,n=IX,r=abc')
  })
})
