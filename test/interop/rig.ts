import { IgwnAlertClient, silentLogger } from 'igwn-alert-rx'
import { type BedClient, uniqueName } from '../bed/bedClient.ts'
import { sharedBed } from '../bed/shared.ts'

export const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A group of topics that alice may use, and her client over SASL_SSL with SCRAM-SHA-512: she has rights on these topics only. */
export class InteropRig implements AsyncDisposable {
  readonly bed: BedClient = sharedBed()
  readonly access = this.bed.access('alice')
  readonly group = uniqueName('interop')
  readonly server = `kafka://${this.access.server}/`
  readonly client = new IgwnAlertClient({
    server: this.server,
    auth: { username: 'alice', password: this.access.password ?? '', caFile: this.bed.caFile },
    group: this.group,
    from: 'earliest',
    untilEnd: true,
    logger: silentLogger,
  })

  /** Makes a topic of the group; returns Kafka's name. */
  async topic(name: string, partitions = 1): Promise<string> {
    const full = `${this.group}.${name}`
    await this.bed.createTopic(full, { partitions, config: { 'max.message.bytes': '4000000' } })
    await this.bed.grant('alice', 'topic', full, ['read', 'write', 'describe'])
    return full
  }

  /** A consumer group that alice may read with. */
  consumerGroup(): string {
    return uniqueName('alice')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close()
  }
}
