import { AlertError } from '../../errors.ts'
import { kafkaError } from '../codes.ts'
import type { Link } from './link.ts'
import type { Links } from './links.ts'

/** How long the broker may wait until all brokers know, ms. */
const DELETION = 15_000

const TRIES = 3
const NOT_CONTROLLER = 41
const UNKNOWN_TOPIC = 3
const FORBIDDEN = 29

/** Deletes a topic with its records. Rejects with what the broker said against it. */
export async function deleteTopic(links: Links, topic: string): Promise<void> {
  for (let tries = TRIES; ; tries--) {
    const code = await askController(links, topic)
    if (code === 0) return
    if (code === NOT_CONTROLLER && tries > 1) continue
    const mend = code === FORBIDDEN ? 'Ask for the right DELETE on the topic' : undefined
    throw kafkaError(code, `delete ${topic}`, mend === undefined ? {} : { mend })
  }
}

async function askController(links: Links, topic: string): Promise<number> {
  const main = await links.main()
  const { controller, topics } = await links.cluster([topic])
  const known = topics.get(topic)
  if (!known || known.error) throw known?.error ?? kafkaError(UNKNOWN_TOPIC, `delete ${topic}`)
  if (controller === undefined || controller === main.address) return ask(main, topic)
  const link = links.link(controller)
  try {
    return await ask(link, topic)
  } finally {
    link.kill(new AlertError('ALERT_CLOSED', `${controller}: the question is answered`))
  }
}

async function ask(link: Link, topic: string): Promise<number> {
  const { topicErrors } = await link.call('DeleteTopics', { topics: [topic], timeout: DELETION }, DELETION + link.requestTimeout)
  return topicErrors.find(each => each.topic === topic)?.errorCode ?? UNKNOWN_TOPIC
}
