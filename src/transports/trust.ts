const UNTRUSTED = /CERT|SIGNATURE|ISSUER|CRL|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH/

/** Whether Node's code of an error says that a certificate does not hold. That of one for another host is `ERR_TLS_CERT_ALTNAME_INVALID`. */
export const isUntrusted = (code: string): boolean => !code.startsWith('ERR_') && UNTRUSTED.test(code)
