import { Refusal } from '../request.ts'

/** Names that a browser on this machine may use; any port. A page of another site that points its name at 127.0.0.1 does not have them. */
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Refuses a request that was meant for another host (DNS rebinding).
 *
 * @param allowed `host` or `host:port`; undefined: the loopback names
 * @throws Refusal 421
 */
export function checkHost(host: string | undefined, allowed: readonly string[] | undefined): void {
  const name = host?.toLowerCase() ?? ''
  const bare = name.replace(/:\d+$/, '')
  if (allowed ? allowed.some(one => [name, bare].includes(one.toLowerCase())) : LOOPBACK.has(bare)) return
  throw new Refusal(421, 'wrong_host', 'this server does not serve the host that the request names', {
    mend: 'Add the name to the option hosts of the bridge (--host of the command)',
  })
}
