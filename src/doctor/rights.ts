/** Kafka's operations (AclOperation) by their number: a set of rights has a bit for each. */
const OPERATIONS = { READ: 3, WRITE: 4 } as const

/** Whether these rights hold that one; undefined where they are not known. */
export function grants(rights: number | undefined, operation: keyof typeof OPERATIONS): boolean | undefined {
  return rights === undefined ? undefined : (rights & (1 << OPERATIONS[operation])) !== 0
}
