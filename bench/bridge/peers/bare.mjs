import { createServer } from 'node:http'
import { now } from './answer.mjs'
import { serving } from './serving.mjs'
import { eventsOf, paced, task } from './source.mjs'

// What one writes who needs no topics, no cursors, no rights and no end: the same events, made before, to whoever is there.
serving(async () => {
  const events = await eventsOf(task.count)
  const end = events.pop()
  const clients = new Set()
  const server = createServer({ highWaterMark: task.highWaterMark }, (req, res) => {
    req.socket.setNoDelay(true)
    res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' })
    res.write(': hello\n\n')
    clients.add(res)
    res.on('close', () => clients.delete(res))
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  return {
    port: server.address().port,
    burst(from, count) {
      const all = [...events.slice(from, from + count), end]
      for (const client of clients) writeAll(client, all)
    },
    async pace(from, count, rate) {
      const stamps = []
      await paced(count, rate, i => {
        stamps.push(now())
        for (const client of clients) if (!client.writableNeedDrain) client.write(events[from + i])
      })
      for (const client of clients) client.write(end)
      return stamps
    },
  }
})

/** As fast as the client takes them. */
function writeAll(client, events) {
  let next = 0
  const write = () => {
    while (next < events.length) {
      if (!client.write(events[next++])) {
        client.once('drain', write)
        return
      }
    }
  }
  write()
}
