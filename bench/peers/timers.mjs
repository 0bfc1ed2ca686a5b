import { createHook } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { mostMegabytes, print, task } from './meter.mjs'

// Imported first: a timer that was made before the hook is not seen.
const timers = new Set()
let callbacks = 0
const hook = createHook({
  init(id, type) {
    if (type === 'Timeout' || type === 'Immediate') timers.add(id)
  },
  before(id) {
    if (timers.has(id)) callbacks++
  },
  destroy(id) {
    timers.delete(id)
  },
})
hook.enable()

/** Once the reader has settled: prints the callbacks of setTimeout, setInterval and setImmediate, and the CPU time, of `task.seconds`. */
export async function countTimers() {
  await sleep(task.settle * 1000)
  callbacks = 0
  const cpu = process.cpuUsage()
  const from = process.hrtime.bigint()
  await sleep(task.seconds * 1000)
  const seconds = Number(process.hrtime.bigint() - from) / 1e9
  const { user, system } = process.cpuUsage(cpu)
  hook.disable()
  await print({
    callbacks: callbacks - 1, // our own sleep
    seconds,
    cpuSeconds: (user + system) / 1e6,
    megabytes: mostMegabytes(),
  })
}
