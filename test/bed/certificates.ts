import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './run.ts'
import { openssl } from './tools.ts'

/** A certificate and its key: two PEM files. */
export interface CertificateFiles {
  readonly certificate: string
  readonly key: string
}

const config = `[req]
prompt = no
distinguished_name = name
x509_extensions = authority
[name]
CN = igwn-alert-rx test bed
[authority]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
`

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']

/** Makes a certificate authority in `directory`, valid for 30 days. */
export async function makeAuthority(directory: string, name: string): Promise<CertificateFiles> {
  const { command } = await openssl()
  const settings = join(directory, `${name}.cnf`)
  await writeFile(settings, config)
  const files = { certificate: join(directory, `${name}.pem`), key: join(directory, `${name}.key`) }
  const subject = ['-subj', `/CN=igwn-alert-rx test bed ${name}`]
  await run(command, [
    'req',
    '-x509',
    '-days',
    '30',
    '-config',
    settings,
    ...newKey,
    ...subject,
    '-keyout',
    files.key,
    '-out',
    files.certificate,
  ])
  return files
}

/** Issues a server certificate for the given subject alternative names ('DNS:localhost', 'IP:127.0.0.1'); returns its two PEM files. */
export async function issueCertificate(
  directory: string,
  name: string,
  authority: CertificateFiles,
  altNames: readonly string[],
): Promise<CertificateFiles> {
  const { command } = await openssl()
  const file = (extension: string) => join(directory, `${name}.${extension}`)
  await writeFile(file('cnf'), config)
  await writeFile(file('ext'), `subjectAltName = ${altNames.join(', ')}\nextendedKeyUsage = serverAuth\n`)
  await run(command, ['req', '-config', file('cnf'), ...newKey, '-subj', `/CN=${name}`, '-keyout', file('key'), '-out', file('csr')])
  const signer = ['-CA', authority.certificate, '-CAkey', authority.key, '-CAcreateserial', '-CAserial', file('srl')]
  await run(command, ['x509', '-req', '-in', file('csr'), '-days', '30', ...signer, '-extfile', file('ext'), '-out', file('pem')])
  return { certificate: file('pem'), key: file('key') }
}
