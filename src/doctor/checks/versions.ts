import { readFileSync } from 'node:fs'
import { type Found, finding } from '../finding.ts'

/** Of package.json's `engines`. */
const NEEDED = [20, 19] as const

/** Of what runs here. */
export function lookAtVersions({ node, openssl }: NodeJS.ProcessVersions = process.versions): Found<true> {
  const what = `igwn-alert-rx ${ownVersion()}, Node ${node}, OpenSSL ${openssl}, ${process.platform} ${process.arch}`
  const [major = 0, minor = 0] = node.split('.').map(Number)
  const isOld = major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])
  const mend = isOld ? `Node ${NEEDED.join('.')} or later is needed: install it` : undefined
  return { findings: [finding('versions', isOld ? 'failed' : 'ok', what, { mend })], value: true }
}

/** A bundle has no package.json beside it. */
function ownVersion(): string {
  try {
    const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }
    return version
  } catch {
    return 'in a bundle'
  }
}
