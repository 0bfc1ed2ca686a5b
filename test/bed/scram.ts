import { pbkdf2Sync, randomBytes } from 'node:crypto'
import { ask } from './ask.ts'
import { ApiKey, WireWriter } from './wire.ts'

const iterations = 4096
const mechanisms = [
  { id: 1, hash: 'sha256', length: 32 },
  { id: 2, hash: 'sha512', length: 64 },
] as const

type Mechanism = (typeof mechanisms)[number]

/** Sets a user's password for both SCRAM mechanisms, making the user if need be. */
export async function setScramPassword(address: string, user: string, password: string): Promise<void> {
  // One after the other: Kafka refuses a request that names a user twice, also when the mechanisms differ.
  for (const mechanism of mechanisms) await setCredential(address, user, password, mechanism)
}

/** AlterUserScramCredentials, version 0: one upsertion. */
async function setCredential(address: string, user: string, password: string, { id, hash, length }: Mechanism): Promise<void> {
  const salt = randomBytes(16)
  const salted = pbkdf2Sync(password, salt, iterations, length, hash)
  const upsertion = new WireWriter().string(user, true).int8(id).int32(iterations).compactBytes(salt).compactBytes(salted).noTags().build()
  const noDeletions = 1
  const oneUpsertion = 2
  const body = new WireWriter().varint(noDeletions).varint(oneUpsertion).raw(upsertion).noTags().build()
  const answer = await ask(address, { apiKey: ApiKey.AlterUserScramCredentials, apiVersion: 0, flexible: true, body })
  answer.int32() // throttle time
  answer.array(() => {
    answer.string(true) // user
    const error = answer.int16()
    const message = answer.string(true)
    answer.skipTags()
    if (error !== 0) throw new Error(`${address} did not take a new password of ${user}: error ${error}, ${message ?? 'no message'}`)
  }, true)
}
