/** Kafka's codes that a member acts on by itself; any other ends it. */
export const GroupCode = {
  illegalGeneration: 22,
  unknownMember: 25,
  rebalanceInProgress: 27,
  memberIdRequired: 79,
} as const

/** The coordinator loads, is being found, or is another broker: member id and generation stay good. */
const AWAY: ReadonlySet<number> = new Set([14, 15, 16])

interface Coded {
  readonly errorCode?: number | undefined
  readonly responses?: readonly { readonly partitions: readonly { readonly errorCode: number }[] }[] | undefined
}

/** The code by which a coordinator says that it is none, or not yet: of the whole answer or beside any partition. */
export function awayCodeIn({ errorCode, responses = [] }: Coded): number | undefined {
  const codes = responses.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
  return [errorCode ?? 0, ...codes].find(code => AWAY.has(code))
}
