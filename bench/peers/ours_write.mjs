import { Meter, payloads, task } from './meter.mjs'
import { client } from './ours.mjs'

const { count, batch } = task
const alerts = payloads()
const alertAt = i => alerts[i % alerts.length]
const sink = client.sink(task.topic, { format: 'json' })
const meter = new Meter()

async function batches() {
  for (let sent = 0; sent < count; sent += batch) {
    await Promise.all(Array.from({ length: batch }, (_, i) => sink.send(alertAt(sent + i))))
  }
}

async function asFastAsItTakes() {
  for (let sent = 0; sent < count; sent++) {
    await sink.ready()
    sink.next(alertAt(sent))
  }
  await sink.flush()
}

await sink.send(alertAt(0))
meter.start()
await (batch ? batches() : asFastAsItTakes())
meter.stop(count)
await meter.report()
await client.close()
