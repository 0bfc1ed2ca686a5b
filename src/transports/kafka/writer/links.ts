import type { Link } from '../link.ts'
import type { Links } from '../links.ts'

/** What the writer needs of a link. */
export type WriteLink = Pick<Link, 'ready' | 'dead' | 'call' | 'raw' | 'kill'>

/** What the writer needs of the links to a cluster. */
export interface WriteLinks extends Pick<Links, 'metadata' | 'noteFailed'> {
  link(address: string): WriteLink
  main(): Promise<Pick<WriteLink, 'call'>>
}
