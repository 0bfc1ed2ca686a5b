import { Refusal } from './request.ts'

export interface DoorLimits {
  readonly maxClients: number
  readonly maxClientsPerAddress: number
}

/** How many are in: of all, and of one address. */
export class Doors {
  readonly #limits: DoorLimits
  readonly #byAddress = new Map<string, number>()
  #inside = 0
  refused = 0

  constructor(limits: DoorLimits) {
    this.#limits = limits
  }

  get inside(): number {
    return this.#inside
  }

  /** @returns what lets the next one in @throws Refusal 503, 429 */
  enter(address = 'unknown'): () => void {
    const { maxClients, maxClientsPerAddress } = this.#limits
    const of = this.#byAddress.get(address) ?? 0
    if (this.#inside >= maxClients) throw this.#refusal(503, 'full', `all ${maxClients} places of this bridge are taken`)
    if (of >= maxClientsPerAddress) throw this.#refusal(429, 'too_many', `${maxClientsPerAddress} streams of one address are open already`)
    this.#inside++
    this.#byAddress.set(address, of + 1)
    let isOut = false
    return () => {
      if (isOut) return
      isOut = true
      this.#inside--
      const left = (this.#byAddress.get(address) ?? 1) - 1
      if (left > 0) this.#byAddress.set(address, left)
      else this.#byAddress.delete(address)
    }
  }

  #refusal(status: number, code: string, message: string): Refusal {
    this.refused++
    // Not all at the same moment.
    const seconds = 5 + Math.floor(Math.random() * 10)
    return new Refusal(status, code, message, { headers: { 'retry-after': String(seconds) } })
  }
}
