import { topicIn } from '../../client/naming.ts'
import type { AlertError } from '../../errors.ts'
import { nearest, seesTopics } from '../../sources/nearest.ts'
import type { Link } from '../../transports/kafka/link.ts'
import { askMetadata, type TopicMetadata } from '../../transports/kafka/links.ts'
import { timeText } from '../../words.ts'
import { type Finding, type Found, finding, plural, textOf } from '../finding.ts'
import type { Plan } from '../options.ts'
import { lookIntoPartitions, type PartitionLook } from '../partitions.ts'
import { grants } from '../rights.ts'
import { duration, some } from '../words.ts'
import type { Cluster } from './brokers.ts'

/** A topic that is there. */
export interface SeenTopic {
  readonly topic: string
  readonly partitions: readonly PartitionLook[]
  /** The newest timestamp of its records, ms since 1970. */
  readonly newest: number | undefined
}

/** Each topic: whether it is there, and may be read, and written if that is asked; what is in it. */
export async function lookAtTopics(plan: Plan, cluster: Cluster): Promise<Found<readonly SeenTopic[]>> {
  const { topics: answers } = await askMetadata(cluster.link, plan.topics ?? null, true)
  const names = plan.topics ?? ofGroup(answers, plan.group)
  if (names.length === 0) return { findings: [noTopic(plan, answers)], value: [] }
  const present = names.flatMap(topic => {
    const known = answers.get(topic)
    return known && !known.error ? [{ topic, ...known }] : []
  })
  const absent = names.filter(topic => !present.some(each => each.topic === topic))
  const visible = absent.length > 0 ? await visibleTopics(cluster.link) : []
  const looks = await lookIntoPartitions(cluster.brokers, present)
  const seen = present.map(({ topic, rights }) => seenTopic(topic, looks.get(topic) ?? [], rights))
  const findings = [
    ...absent.map(topic => missing(topic, answers.get(topic)?.error, visible)),
    ...seen.map(each => examined(each, plan)),
  ].sort((a, b) => names.indexOf(a.subject ?? '') - names.indexOf(b.subject ?? ''))
  return { findings: plan.topics ? findings : folded(findings, plan.group), value: seen }
}

type WithRights = SeenTopic & { readonly rights: number | undefined }

function seenTopic(topic: string, partitions: readonly PartitionLook[], rights: number | undefined): WithRights {
  const newest = partitions.flatMap(each => each.newest ?? [])
  return { topic, partitions, rights, newest: newest.length > 0 ? Math.max(...newest) : undefined }
}

const ofGroup = (answers: ReadonlyMap<string, TopicMetadata>, group: string | null): string[] =>
  [...answers].flatMap(([name, { internal }]) => (!internal && topicIn(group, name) !== undefined ? name : [])).sort()

async function visibleTopics(link: Link): Promise<readonly string[]> {
  const { topics } = await askMetadata(link, null)
  return [...topics].flatMap(([name, { internal }]) => (internal ? [] : name))
}

function noTopic({ group }: Plan, answers: ReadonlyMap<string, TopicMetadata>): Finding {
  const all = ofGroup(answers, null)
  const what = group === null ? 'this user sees no topic' : `this user sees no topic of the group ${group}`
  const others = [...new Set(all.map(name => name.split('.')[0] ?? name))]
  const mend =
    all.length === 0 ? 'Ask for the right to read (READ) the topics' : `Check the group: topics that are seen begin with ${some(others)}`
  return finding('topic', 'failed', what, { mend })
}

function missing(topic: string, error: AlertError | undefined, visible: readonly string[]): Finding {
  const what = error ? textOf(error) : `${topic}: the server says nothing of it`
  const near = nearest(topic, visible)
  const instead = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `${seesTopics(visible.length)}.`
  return finding('topic', 'failed', what, { subject: topic, mend: `${instead} ${error?.mend ?? ''}` })
}

function examined({ topic, partitions, newest, rights }: WithRights, { write, now }: Plan): Finding {
  const about = { subject: topic }
  const fault = partitions.find(each => each.fault)?.fault
  if (fault) return finding('topic', 'failed', `${topic}: ${textOf(fault)}`, { ...about, mend: fault.mend })
  const leaderless = partitions.filter(({ leader }) => leader === undefined)
  if (leaderless.length > 0) {
    const mend = 'Wait, or tell who runs the server: alerts of these come once there is one'
    return finding('topic', 'failed', `${topic}: no broker leads partition ${numbers(leaderless)} now`, { ...about, mend })
  }
  const mayWrite = grants(rights, 'WRITE')
  if (write && mayWrite === false) {
    const mend = 'Ask for the right WRITE on the topic'
    return finding('topic', 'failed', `${topic}: may be read, but not published to`, { ...about, mend })
  }
  const unreached = partitions.filter(({ end }) => end === undefined)
  if (unreached.length > 0) {
    return finding('topic', 'unknown', `${topic}: partition ${numbers(unreached)} could not be looked at, see brokers`, about)
  }
  const may =
    write && mayWrite === undefined
      ? 'may be read; whether it may be published to is not known'
      : `may be ${mayWrite ? 'read and published to' : 'read'}`
  const what = `${topic}: ${may}; ${plural(partitions.length, 'partition')}, ${contentOf(partitions, newest, now())}`
  return finding('topic', write && mayWrite === undefined ? 'unknown' : 'ok', what, about)
}

const numbers = (partitions: readonly PartitionLook[]): string => some(partitions.map(({ partition }) => String(partition)))

/** A compacted topic, and one with transactions, has fewer records than offsets. */
function contentOf(partitions: readonly PartitionLook[], newest: number | undefined, now: number): string {
  const offsets = partitions.reduce((sum, { start = 0, end = 0 }) => sum + end - start, 0)
  if (offsets === 0) return 'no records now'
  const when = newest === undefined ? '' : `, the newest of ${timeText(newest)} (${ago(now - newest)})`
  return `up to ${plural(offsets, 'record')}${when}`
}

const ago = (ms: number): string => (ms < 0 ? `in ${duration(ms)}` : `${duration(ms)} ago`)

/** Nobody asked for these: what is well is said in one line. */
function folded(findings: readonly Finding[], group: string | null): readonly Finding[] {
  const well = findings.filter(({ ok }) => ok === 'ok')
  if (well.length < 2) return findings
  const of = group === null ? '' : ` of the group ${group}`
  const what = `${well.length} topics${of} may be read: ${some(well.flatMap(({ subject }) => subject ?? []))}`
  return [finding('topic', 'ok', what), ...findings.filter(({ ok }) => ok !== 'ok')]
}
