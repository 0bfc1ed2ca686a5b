import type { TlsSettings } from '../auth/tls.ts'
import { engineConfig } from '../transports/kafka/config.ts'
import { Links } from '../transports/kafka/links.ts'
import type { Credentials } from '../transports/transport.ts'
import { type DoctorCheck, type Finding, type Found, failure, finding } from './finding.ts'
import type { Plan } from './options.ts'

/** What a check needs; undefined: not known, since the check that would have found it failed or was skipped. */
type Needs<N> = { readonly [K in keyof N]: N[K] | undefined }

interface Way {
  readonly tls: TlsSettings | undefined
  readonly credentials?: Credentials | undefined
  /** How long the opening may take, ms. @default the plan's `timeout` */
  readonly patience?: number | undefined
}

/** The checks of one run, one after the other: reports what they find, skips those whose needs are not met, closes what they opened. */
export class Examination {
  readonly plan: Plan
  /** Broken off: nothing is to be opened any more. */
  readonly signal: AbortSignal
  readonly #report: (finding: Finding) => void
  readonly #opened: Links[] = []
  /** Checks that others wait for in vain. */
  readonly #obstacles: DoctorCheck[] = []

  constructor(plan: Plan, signal: AbortSignal, report: (finding: Finding) => void) {
    this.plan = plan
    this.signal = signal
    this.#report = report
    signal.addEventListener('abort', () => void this.close(), { once: true })
  }

  /** Runs a check if what it needs is known; gives its value. Never rejects: what is thrown is its failure. */
  async check<N extends object, T>(
    name: DoctorCheck,
    needs: Needs<N>,
    run: (needs: N) => Promise<Found<T>> | Found<T>,
  ): Promise<T | undefined> {
    if (this.signal.aborted) return undefined
    if (!areMet(needs)) {
      this.#report(finding(name, 'skipped', `not looked at, since this failed: ${this.#obstacles.join(', ')}`))
      return undefined
    }
    const { findings, value } = await this.#try(name, () => run(needs))
    if (this.signal.aborted) return undefined
    for (const each of findings) this.#report(each)
    if (value === undefined) this.#obstacles.push(name)
    return value
  }

  /** Links to the server, and to what it names; closed with this examination. */
  links({ tls, credentials, patience = this.plan.timeout }: Way): Links {
    const { server, clientId, timeout } = this.plan
    const times = { connectTimeout: patience, requestTimeout: timeout }
    const links = new Links(engineConfig({ server: server.address, clientId, tls: tls && { ...tls }, credentials, ...times }))
    this.#opened.push(links)
    return links
  }

  /** Resolves when no socket of its links is left. */
  async close(): Promise<void> {
    await Promise.all(this.#opened.map(links => links.close()))
  }

  async #try<T>(name: DoctorCheck, run: () => Promise<Found<T>> | Found<T>): Promise<Found<T>> {
    try {
      return await run()
    } catch (error) {
      return { findings: [failure(name, error)] }
    }
  }
}

function areMet<N extends object>(needs: Needs<N>): needs is N {
  return Object.values(needs).every(need => need !== undefined)
}
