/** What a right is needed for. */
export type Operation = 'describe' | 'read' | 'write' | 'delete'

const ALL: readonly Operation[] = ['describe', 'read', 'write', 'delete']

/** What a user may not do with topics; everything else is granted. */
export class Rights {
  readonly #forbidden = new Map<string, ReadonlySet<Operation>>()

  forbid(topic: string, operations: readonly Operation[]): void {
    this.#forbidden.set(topic, new Set(operations.length > 0 ? operations : ALL))
  }

  allow(topic: string): void {
    this.#forbidden.delete(topic)
  }

  may(operation: Operation, topic: string): boolean {
    return !this.#forbidden.get(topic)?.has(operation)
  }
}
