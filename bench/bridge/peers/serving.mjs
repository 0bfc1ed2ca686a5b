import { readFileSync } from 'node:fs'
import { mostMegabytes } from '../../peers/meter.mjs'
import { answer, now } from './answer.mjs'

/**
 * Answers the harness for a server.
 *
 * @param serve listens: gives the port, `burst(from, count)`, which writes so many alerts as fast as they are taken, and the last record, and
 * `pace(from, count, rate)`, which writes so many alerts a second, and gives when each was ready to be written, ms
 */
export function serving(serve) {
  let server
  let started
  let cpu
  const start = () => {
    started = now()
    cpu = process.cpuUsage()
  }
  answer({
    async start() {
      server = await serve()
      return server.port
    },
    async burst({ from, count }) {
      start()
      await server.burst(from, count)
      return { started, stamps: [] }
    },
    async pace({ from, count, rate }) {
      start()
      return { started, stamps: await server.pace(from, count, rate) }
    },
    /** Since the last burst or pace began. */
    used() {
      const { user, system } = process.cpuUsage(cpu)
      return { cpuSeconds: (user + system) / 1e6, megabytes: mostMegabytes(), megabytesNow: megabytesNow() }
    },
  })
}

const megabytesNow = () => Number(/^VmRSS:\s*(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024
