import { AlertStream } from '../sources/AlertStream.ts'
import { lookAtBrokers } from './checks/brokers.ts'
import { lookAtClock } from './checks/clock.ts'
import { lookForCredentials } from './checks/credentials.ts'
import { lookAtGroup } from './checks/group.ts'
import { lookForKafka } from './checks/kafka.ts'
import { lookAtLimits } from './checks/limits.ts'
import { lookUpName } from './checks/name.ts'
import { lookAtSasl } from './checks/sasl.ts'
import { lookAtTcp } from './checks/tcp.ts'
import { lookAtTls } from './checks/tls.ts'
import { lookAtTopics } from './checks/topics.ts'
import { lookAtVersions } from './checks/versions.ts'
import { Examination } from './Examination.ts'
import type { Finding } from './finding.ts'
import { type DoctorOptions, planOf } from './options.ts'

/**
 * Looks for what stands between this machine and its alerts, from the credentials to the rights to the topics: each finding as it is made, in
 * order, with the mend. Cold: each subscription looks anew, and breaks off when it is unsubscribed. It changes nothing at the server: it joins
 * no group, commits nothing, writes nothing. Completes once everything is closed; a fault of the world is a finding, never an error.
 *
 * @param options those of the client that is to work, and what it is to read
 * @throws ConfigError for wrong options
 * @example
 * for await (const { check, ok, what, mend } of doctor({ topics: 'superevent' })) if (ok !== 'ok') console.log(check, ok, what, mend)
 */
export function doctor(options: DoctorOptions = {}): AlertStream<Finding> {
  const plan = planOf(options)
  return new AlertStream<Finding>(subscriber => {
    const unsubscribed = new AbortController()
    const signal = plan.signal ? AbortSignal.any([unsubscribed.signal, plan.signal]) : unsubscribed.signal
    const examination = new Examination(plan, signal, finding => subscriber.next(finding))
    examine(examination)
      .finally(() => examination.close())
      .then(
        () => subscriber.complete(),
        (error: unknown) => subscriber.error(error),
      )
    return () => unsubscribed.abort()
  })
}

async function examine(examination: Examination): Promise<void> {
  const { plan } = examination
  const security = await examination.check('credentials', {}, () => lookForCredentials(examination))
  await examination.check('versions', {}, () => lookAtVersions())
  const addresses = await examination.check('name', {}, () => lookUpName(plan))
  const address = await examination.check('tcp', { addresses }, needs => lookAtTcp(examination, needs.addresses))
  const spoken = await examination.check('tls', { address, security }, needs => lookAtTls(examination, needs))
  const kafka = await examination.check('kafka', { spoken, security }, needs => lookForKafka(examination, needs))
  const sasl = await examination.check('sasl', { kafka, security }, needs => lookAtSasl(examination, needs))
  const brokers = await examination.check('brokers', { sasl }, needs => lookAtBrokers(needs.sasl))
  const topics = await examination.check('topic', { brokers }, needs => lookAtTopics(plan, needs.brokers))
  const { consumerGroup } = plan
  if (consumerGroup !== undefined) {
    await examination.check('group', { brokers, topics }, needs => lookAtGroup({ id: consumerGroup, timeout: plan.timeout, ...needs }))
  }
  await examination.check('limits', { brokers, topics }, needs => lookAtLimits(needs))
  await examination.check('clock', { topics, security }, needs => lookAtClock(needs, plan.now()))
}
