import type { Proof } from '../../src/auth/proof.ts'

/** The password of what proves who we are, if it has one. */
export const passwordOf = (proof: Proof | undefined): string | undefined => (proof && 'password' in proof ? proof.password : undefined)

export const tokenOf = (proof: Proof | undefined): string | undefined => (proof && 'token' in proof ? proof.token : undefined)
