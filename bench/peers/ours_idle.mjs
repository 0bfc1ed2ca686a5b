import { task } from './meter.mjs'
import { client } from './ours.mjs'
import { countTimers } from './timers.mjs'

const connected = new Promise(resolve => client.status$.subscribe(({ type }) => type === 'connected' && resolve()))
client.topic(task.topic).subscribe({ error: console.error })
await connected
await countTimers()
await client.close()
