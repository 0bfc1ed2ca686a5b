import type { WriteLinks } from './links.ts'

const TOPIC = 2
const NAME = 'max.message.bytes'

/** The bytes of a batch that a topic takes. Undefined where the broker does not tell: that asks for a right of its own, DESCRIBE_CONFIGS. */
export async function sizeLimitOf(links: Pick<WriteLinks, 'main'>, topic: string): Promise<number | undefined> {
  try {
    const link = await links.main()
    const resources = [{ type: TOPIC, name: topic, configNames: [NAME] }] as const
    const answer = await link.call('DescribeConfigs', { resources, includeSynonyms: false })
    const value = answer.resources[0]?.configEntries.find(({ configName }) => configName === NAME)?.configValue
    return value === undefined || value === null ? undefined : Number(value)
  } catch {
    // Only a word in an error depends on it.
    return undefined
  }
}
