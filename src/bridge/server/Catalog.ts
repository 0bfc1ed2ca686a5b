import { ConfigError } from '../../errors.ts'
import type { ServedTopic } from '../protocol/events.ts'
import type { BridgeStream } from './streams.ts'

/** Which topics there are, by stream. */
export class Catalog {
  readonly #topics = new Map<string, { readonly topic: ServedTopic; readonly stream: BridgeStream }>()

  /** A topic of a stream; the same object each time. @throws ConfigError when another stream has one of that id */
  add(stream: BridgeStream, topic: string): ServedTopic {
    const { server, group } = stream.client
    const fullTopic = group === null ? topic : `${group}.${topic}`
    const id = idOf(stream, fullTopic)
    const known = this.#topics.get(id)
    if (!known) {
      const served = { id, server, group, topic, fullTopic }
      this.#topics.set(id, { topic: served, stream })
      return served
    }
    if (known.stream === stream) return known.topic
    throw new ConfigError(`Two streams of the bridge have the topic '${id}'`, { mend: 'Give each a name: { client, topics, name }' })
  }

  get all(): readonly ServedTopic[] {
    return Array.from(this.#topics.values(), ({ topic }) => topic)
  }

  get(id: string): ServedTopic | undefined {
    return this.#topics.get(id)?.topic
  }

  /** Those that a name means: an id, a full topic, or a topic without its group. */
  named(name: string): readonly ServedTopic[] {
    const exact = this.get(name)
    return exact ? [exact] : this.all.filter(({ fullTopic, topic }) => name === fullTopic || name === topic)
  }

  streamOf(topic: ServedTopic): BridgeStream | undefined {
    return this.#topics.get(topic.id)?.stream
  }

  /** Of these: those that belong to a stream. */
  of(stream: BridgeStream, topics: readonly ServedTopic[]): readonly ServedTopic[] {
    return topics.filter(({ id }) => this.#topics.get(id)?.stream === stream)
  }
}

export const idOf = ({ name }: BridgeStream, fullTopic: string): string => (name === undefined ? fullTopic : `${name}/${fullTopic}`)
