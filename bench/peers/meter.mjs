import { existsSync, readFileSync } from 'node:fs'

/** What the harness asks for: the one argument, a JSON object. */
export const task = JSON.parse(process.argv[2])

/** The payloads to be written, over and over: alerts, or with `encoded` their bytes. */
export function payloads() {
  const alerts = JSON.parse(readFileSync(task.alerts, 'utf8'))
  return task.encoded ? alerts.map(alert => Buffer.from(JSON.stringify(alert))) : alerts
}

/** Counts alerts and sums their FAR; time and CPU (of the whole process, its threads too) run from `start` to the last one. */
export class Meter {
  #count = 0
  #far = 0
  #time
  #cpu
  #result

  /** A reader's first alert starts it. */
  start() {
    this.#time = process.hrtime.bigint()
    this.#cpu = process.cpuUsage()
  }

  /** Whether that was the last one; more are not counted. */
  add(far) {
    if (this.#count === 0 && this.#time === undefined) this.start()
    if (this.#count === task.count) return true
    this.#far += far
    return ++this.#count === task.count && this.stop()
  }

  /** A writer's last acknowledgement stops it. */
  stop(count = this.#count) {
    const seconds = Number(process.hrtime.bigint() - this.#time) / 1e9
    const { user, system } = process.cpuUsage(this.#cpu)
    this.#result = { count, far: this.#far, seconds, cpuSeconds: (user + system) / 1e6 }
    return true
  }

  /** Prints the result: the line that the harness takes. */
  async report() {
    if (!this.#result) throw new Error(`ended after ${this.#count} of ${task.count} alerts`)
    await print({ ...this.#result, megabytes: mostMegabytes() })
  }
}

/** The most memory this process had. Linux counts into `maxRSS` what the process had that started this one. */
export function mostMegabytes() {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : ''
  const kilobytes = /^VmHWM:\s*(\d+) kB/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS
  return Number(kilobytes) / 1024
}

export const print = result => new Promise(resolve => process.stdout.write(`${JSON.stringify(result)}\n`, resolve))
