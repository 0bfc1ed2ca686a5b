import type { Message } from '../../transports/kafka/apis.ts'
import { WireReader } from '../../transports/kafka/wire.ts'
import { Body } from './Body.ts'

export interface SaslOffer {
  readonly errorCode: number
  readonly mechanisms: readonly string[]
}

/** SaslHandshake, version 1: by which mechanisms one can log in here; no secret is in it. */
export const saslHandshake = (mechanism: string): Message<SaslOffer> => ({
  request: { apiKey: 17, apiVersion: 1, apiName: 'SaslHandshake', encode: () => ({ buffer: new Body().string(mechanism).bytes() }) },
  response: {
    decode: payload => {
      const wire = new WireReader(payload)
      return { errorCode: wire.int16(), mechanisms: wire.array(() => wire.string()) }
    },
    parse: answer => answer,
  },
})
