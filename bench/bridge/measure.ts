import { quantile } from '../statistics.ts'
import { Peer, type Used } from './Peer.ts'
import { type Contender, type Paced, type Row, SIZE } from './rows.ts'

export interface Bench {
  readonly rounds: number
  /** Of the clients of a row, so many are there: 1 is all. */
  readonly scale: number
  /** A file with the alerts: a JSON array. */
  readonly alerts: string
  readonly profiles: string | undefined
  readonly say: (line: string) => void
}

/** What one run of a contender gave. */
export interface Sample extends Used {
  readonly seconds: number
  /** That came to the clients. */
  readonly bytes: number
  /** ms from "in the ring" to a sampled client, of each record at each of them. */
  readonly delays: readonly number[]
}

/** By contender, a sample of each round. */
export type Samples = ReadonlyMap<string, readonly Sample[]>

/** All contenders of a row in turn, round by round, each round beginning with the next one. */
export async function measure(row: Row, bench: Bench): Promise<Samples> {
  const samples = new Map<string, Sample[]>(row.contenders.map(({ name }) => [name, []]))
  for (let round = 0; round < bench.rounds; round++) {
    for (let i = 0; i < row.contenders.length; i++) {
      const contender = row.contenders[(round + i) % row.contenders.length]!
      const sample = await once(row, contender, bench)
      samples.get(contender.name)!.push(sample)
      bench.say(`${row.name} ${round + 1}/${bench.rounds} ${contender.name}: ${summary(sample)}`)
    }
  }
  return samples
}

async function once(row: Row, { program, highWaterMark, halted }: Contender, { alerts, scale, profiles }: Bench): Promise<Sample> {
  const count = row.kind === 'paced' ? row.burst + row.alerts : row.alerts
  const peers: Peer[] = []
  const start = (name: string, task: object, profiled?: string): Peer => {
    const peer = new Peer(name, { alerts, encoded: true, count, ...task }, profiled)
    peers.push(peer)
    return peer
  }
  try {
    const server = start(program, { highWaterMark }, profiles)
    const counting = start('clients.mjs', {})
    const port = await server.ask('start')
    if (halted) await haltedClient(start('clients.mjs', {}), port)
    const clients = Math.round(row.clients * scale)
    if (row.kind === 'paced') return await paced(row, { server, counting, sampled: start('clients.mjs', { sampled: true }), port, clients })
    await counting.ask('connect', { port, count: clients })
    return { ...(await run('burst', { count: row.alerts }, { server, readers: [counting] })), delays: [] }
  } finally {
    await Promise.all(peers.map(peer => peer.close()))
  }
}

async function haltedClient(client: Peer, port: number): Promise<void> {
  await client.ask('connect', { port, count: 1 })
  client.halt()
}

interface Rig {
  readonly server: Peer
  readonly counting: Peer
  readonly sampled: Peer
  readonly port: number
  readonly clients: number
}

async function paced(row: Paced, { server, counting, sampled, port, clients }: Rig): Promise<Sample> {
  // Spread among the others: who comes first is served first.
  const others = Math.round(clients / row.sampled) - 1
  for (let i = 0; i < row.sampled; i++) {
    await counting.ask('connect', { port, count: others })
    await sampled.ask('connect', { port, count: 1 })
  }
  const ends = { server, readers: [counting, sampled] }
  // What it is like once the code is compiled, and the buffers of who was stopped are full.
  await run('burst', { count: row.burst }, ends)
  const { stamps, ...figures } = await run('pace', { from: row.burst, count: row.alerts, rate: row.rate }, ends)
  const arrivals = await sampled.ask('arrivals')
  // A burst ends with a record of its own.
  const first = row.burst + 1
  const delays = arrivals.flatMap(times => Array.from({ length: row.alerts }, (_, i) => times[first + i]! - stamps[i]!))
  return { ...figures, delays }
}

interface Ends {
  readonly server: Peer
  readonly readers: readonly Peer[]
}

type Figures = Omit<Sample, 'delays'> & { readonly stamps: readonly number[] }

/** From the first alert until each reader has the last one. */
async function run(
  how: 'burst' | 'pace',
  about: { readonly from?: number; readonly count: number; readonly rate?: number },
  { server, readers }: Ends,
): Promise<Figures> {
  const done = Promise.all(readers.map(reader => reader.ask('until', { bytes: about.count * (SIZE - 3) })))
  const [{ started, stamps }, ends] = await Promise.all([server.ask(how, { from: 0, ...about }), done])
  return {
    seconds: (Math.max(...ends.map(({ at }) => at)) - started) / 1000,
    bytes: ends.reduce((sum, { bytes }) => sum + bytes, 0),
    stamps,
    ...(await server.ask('used')),
  }
}

const summary = ({ bytes, seconds, cpuSeconds, megabytes, megabytesNow, delays }: Sample): string => {
  const times = delays.length > 0 ? `, p50 ${quantile(delays, 0.5).toFixed(1)}, p99 ${quantile(delays, 0.99).toFixed(1)} ms` : ''
  return `${(bytes / seconds / 1e6).toFixed(0)} MB/s, ${seconds.toFixed(2)} s, CPU ${((cpuSeconds / bytes) * 1e9).toFixed(2)} s/GB, RSS ${megabytes.toFixed(0)} / ${megabytesNow.toFixed(0)} MB${times}`
}
