/** Further defects of the Python client and where they are proved beaten. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const PROOFS: readonly (readonly [defect: string, file: string, test: string])[] = [
  ['alerts sent while it starts are lost', 'client/listenHandle.test.ts', 'ready: every alert from then on is heard'],
  [
    'a consumer group that has handled nothing has no position',
    'sources/groups.test.ts',
    'is committed at once: a new group that is killed',
  ],
  ['positions are committed before the callback has run', 'client/listen.test.ts', 'is awaited: one alert after the other'],
  ['what is published while it waits to retry is lost', 'sources/resuming.test.ts', 'loses nothing and doubles nothing of one stream'],
  ['partitions added later are never read', 'faults/topicsChange.test.ts', 'partitions added: the new ones from their beginning'],
  ['subscribe, unsubscribe and get_subscriptions do nothing', 'client/listenHandle.test.ts', 'none: the subscriptions, followed at once'],
  ['topics hang for ever when nobody answers', 'client/administration.test.ts', 'rejects when nobody answers'],
  ['no credentials found: an unauthenticated session', 'auth/credentials.test.ts', 'no unauthenticated session'],
  ['publishing never times out', 'client/publishing.test.ts', 'within deliveryTimeout'],
  ['publishing to several topics raises', 'client/publishing.test.ts', 'to several topics'],
  ['resends may double and reorder', 'contract/writing.ts', 'doubles nothing when answers get lost'],
  ['a committed offset that is gone becomes the end of the topic', 'sources/gaps.test.ts', 'may be an expired commit'],
]

it.each(PROOFS)('%s: see test/%s', (_defect, file, test) => {
  expect(readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), 'utf8')).toContain(test)
})
