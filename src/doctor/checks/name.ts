import type { LookupAddress } from 'node:dns'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { type Found, failure, finding } from '../finding.ts'
import type { Plan } from '../options.ts'
import { within } from '../within.ts'

/** Each connection waits for it. */
const SLOW = 1_000

/** The addresses of the server's name, as this machine's resolver gives them. */
export async function lookUpName({ server: { host }, timeout }: Plan): Promise<Found<readonly LookupAddress[]>> {
  const family = isIP(host)
  if (family !== 0) return { findings: [finding('name', 'ok', `${host} is an address`)], value: [{ address: host, family }] }
  const start = performance.now()
  try {
    const value = await within(timeout, `the name ${host}`, lookup(host, { all: true }))
    const took = Math.round(performance.now() - start)
    const what = `${host} is ${value.map(({ address }) => address).join(', ')} (${took} ms)`
    if (took < SLOW) return { findings: [finding('name', 'ok', what)], value }
    return { findings: [finding('name', 'warning', what, { mend: "The name server is slow: check this machine's DNS" })], value }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'ENOTFOUND') {
      const mend = 'Check how the server is written; if it is right, whether this network knows it (VPN, DNS)'
      return { findings: [finding('name', 'failed', `the name ${host} is not known (${code})`, { mend })] }
    }
    const mend = "The name server does not answer: check this machine's network and DNS"
    return { findings: [failure('name', error, { mend })] }
  }
}
