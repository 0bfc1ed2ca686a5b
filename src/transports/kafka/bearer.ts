import type { AuthenticationProvider } from './kafkajs.ts'

/** The length of what follows, four bytes. */
const HEAD = 4

/** RFC 7628: a client answers a refusal with this, whereupon the server says the same as an error. */
const UNDERSTOOD = '\x01'

/**
 * SASL OAUTHBEARER (RFC 7628). kafkajs's own does not look at what the server answers, and so takes a refusal for a success.
 *
 * @param refused told why, in the server's words
 */
export function bearer(token: string, refused: (why: string) => void): AuthenticationProvider {
  return ({ saslAuthenticate }) => {
    const say = (text: string): Promise<Buffer> => saslAuthenticate({ request: { encode: async () => framed(text) }, response: UNFRAMED })
    return {
      async authenticate() {
        const challenge = await say(`n,,\x01auth=Bearer ${token}\x01\x01`)
        if (challenge.length === 0) return
        refused(challenge.toString())
        await say(UNDERSTOOD)
      },
    }
  }
}

function framed(text: string): Buffer {
  const bytes = Buffer.from(text)
  const head = Buffer.alloc(HEAD)
  head.writeInt32BE(bytes.length)
  return Buffer.concat([head, bytes])
}

const UNFRAMED = {
  decode: async (answer: Buffer): Promise<Buffer> => answer.subarray(HEAD),
  parse: async (answer: Buffer): Promise<Buffer> => answer,
}
