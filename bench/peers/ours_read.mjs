import { parseJson } from 'igwn-alert-rx'
import { Meter, task } from './meter.mjs'
import { client } from './ours.mjs'

const meter = new Meter()
client
  .topic(task.topic, { from: 'earliest', untilEnd: true })
  .pipe(parseJson())
  .subscribe({
    next: ({ payload }) => meter.add(payload.event.far),
    complete: async () => {
      await meter.report()
      await client.close()
    },
  })
