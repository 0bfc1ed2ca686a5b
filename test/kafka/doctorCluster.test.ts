import { expect, it } from 'vitest'
import { startKafka } from '../bed/kafka.ts'
import { proxyBrokers } from '../bed/proxy.ts'
import { expectOnly, look, only } from '../doctor/look.ts'

it('of three brokers one is out of reach: it alone is the fault, and what it leads is not judged', async () => {
  await using kafka = await startKafka({ brokers: 3, proxied: ['plaintext'] })
  await kafka.createTopic('gracedb.spread', { partitions: 3, replicas: 1 })
  const { partitions } = await kafka.describeTopic('gracedb.spread')
  const away = partitions.find(({ partition }) => partition === 2)!.leader
  const proxies = await proxyBrokers(kafka, 'plaintext')
  await proxies[away]!.close()
  const near = proxies[(away + 1) % 3]!
  const findings = await look({ server: `kafka://${near.address}/`, noauth: true, topics: 'spread' })
  const found = expectOnly(findings, 'brokers', /which cannot be used from here: .*ECONNREFUSED/)
  expect(found.subject).toBe(proxies[away]!.address)
  expect(only(findings, 'topic')).toMatchObject({ ok: 'unknown', what: 'gracedb.spread: partition 2 could not be looked at, see brokers' })
  await expect.poll(() => proxies.reduce((sum, { open }) => sum + open, 0)).toBe(0)
  await Promise.all(proxies.map(proxy => proxy.close()))
}, 120_000)
