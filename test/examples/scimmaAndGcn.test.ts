import { IgwnAlertClient, outgoing, silentLogger, writeAvro } from 'igwn-alert-rx'
import { MemoryTransport, sampleAlerts } from 'igwn-alert-rx/testing'
import { lastValueFrom } from 'rxjs'
import { expect, it } from 'vitest'
import { run } from '../../examples/scimma-and-gcn.ts'

it('scimma-and-gcn pages once for each alert, which both servers bring in shapes of their own', async () => {
  const clients = ['scimma:9092', 'gcn:9092'].map(server => {
    const transport = new MemoryTransport({ server })
    transport.log.createTopic('igwn.gwalert')
    return new IgwnAlertClient({ transport, group: null, from: 'earliest', untilEnd: true, logger: silentLogger })
  })
  const [scimma, gcn] = clients
  const alerts = sampleAlerts(['PRELIMINARY', 'INITIAL'])
  for (const alert of alerts) {
    await scimma?.publish('igwn.gwalert', outgoing(writeAvro([alert]), { format: 'avro' }))
    await gcn?.publish('igwn.gwalert', alert)
  }
  const paged: string[] = []
  await lastValueFrom(run(clients, async ({ superevent_id: id, alert_type: type }) => void paged.push(`${id} ${type}`)))
  expect(paged).toEqual(alerts.map(({ superevent_id: id, alert_type: type }) => `${id} ${type}`))
  await Promise.all(clients.map(client => client.close()))
})
