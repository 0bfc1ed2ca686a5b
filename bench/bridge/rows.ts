/** Who serves: a program of `bench/bridge/peers`. */
export interface Contender {
  readonly name: string
  readonly program: 'bridge.mjs' | 'bare.mjs'
  /** Of node:http, bytes: so much is written before it waits. @default 16 KiB */
  readonly highWaterMark?: number | undefined
  /** One client more, which takes nothing once it is connected. */
  readonly halted?: boolean | undefined
}

interface Common {
  readonly name: string
  readonly title: string
  readonly clients: number
  readonly contenders: readonly Contender[]
}

/** As fast as they are taken. */
export interface Unpaced extends Common {
  readonly kind: 'unpaced'
  /** Alerts that each client gets. */
  readonly alerts: number
}

/** So many a second, after a burst. */
export interface Paced extends Common {
  readonly kind: 'paced'
  readonly burst: number
  readonly alerts: number
  /** Alerts a second. */
  readonly rate: number
  /** Of the clients: whose records are timed. */
  readonly sampled: number
}

export type Row = Unpaced | Paced

/** Bytes of an alert. */
export const SIZE = 10_000
/** Of the bare loop's: the least rate, the most CPU for a byte. */
export const REQUIRED = { rate: 0.8, cpu: 1.25 } as const

/** As one writes it first. */
const SIMPLE: Contender = { name: 'bare node:http loop', program: 'bare.mjs' }
/** As one writes it who has measured: this is what the bridge is compared with. */
export const BARE: Contender = { name: 'bare node:http loop, 64 KiB at a time', program: 'bare.mjs', highWaterMark: 64 * 1024 }
export const BRIDGE: Contender = { name: 'bridge', program: 'bridge.mjs' }
export const HALTED: Contender = { name: 'bridge, one client more, stopped', program: 'bridge.mjs', halted: true }

export const rows: readonly Row[] = [
  {
    name: 'unpaced-1000',
    title: 'As fast as 1000 clients take them',
    kind: 'unpaced',
    clients: 1_000,
    alerts: 600,
    contenders: [SIMPLE, BARE, BRIDGE, HALTED],
  },
  {
    name: 'unpaced-5000',
    title: 'As fast as 5000 clients take them',
    kind: 'unpaced',
    clients: 5_000,
    alerts: 100,
    contenders: [BARE, BRIDGE],
  },
  {
    name: 'paced-1000',
    title: '10 alerts a second to 1000 clients',
    kind: 'paced',
    clients: 1_000,
    burst: 500,
    alerts: 80,
    rate: 10,
    sampled: 20,
    contenders: [BARE, BRIDGE, HALTED],
  },
]
