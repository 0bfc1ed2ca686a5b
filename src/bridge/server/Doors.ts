import { Refusal } from './request.ts'

export interface DoorLimits {
  readonly maxClients: number
  readonly maxClientsPerAddress: number
}

/** How many are in: of all, and of one address. */
export class Doors {
  readonly #limits: DoorLimits
  readonly #byNetwork = new Map<string | undefined, number>()
  #inside = 0
  refused = 0

  constructor(limits: DoorLimits) {
    this.#limits = limits
  }

  get inside(): number {
    return this.#inside
  }

  /** @param address undefined: unknown, counted in the whole alone @returns what lets the next one in @throws Refusal 503, 429 */
  enter(address: string | undefined): () => void {
    const { maxClients, maxClientsPerAddress } = this.#limits
    if (this.#inside >= maxClients) throw this.#refusal(503, 'full', `all ${maxClients} places of this bridge are taken`)
    const network = address === undefined ? undefined : networkOf(address)
    if ((this.#byNetwork.get(network) ?? 0) >= maxClientsPerAddress && network !== undefined)
      throw this.#refusal(429, 'too_many', `${maxClientsPerAddress} streams of one address are open already`)
    this.#count(network, 1)
    let isOut = false
    return () => {
      if (!isOut) this.#count(network, -1)
      isOut = true
    }
  }

  #count(network: string | undefined, step: 1 | -1): void {
    this.#inside += step
    const inside = (this.#byNetwork.get(network) ?? 0) + step
    if (inside > 0) this.#byNetwork.set(network, inside)
    else this.#byNetwork.delete(network)
  }

  #refusal(status: number, code: string, message: string): Refusal {
    this.refused++
    // Not all at the same moment.
    const seconds = 5 + Math.floor(Math.random() * 10)
    return new Refusal(status, code, message, { headers: { 'retry-after': String(seconds) } })
  }
}

/** IPv6 is given out by /64: whoever has one address of it has all. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address
  const [head = [], tail = []] = address.split('::').map(part => part.split(':').filter(Boolean))
  // What :: stands for.
  const zeros = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0')
  return [...head, ...zeros, ...tail].slice(0, 4).join(':')
}
