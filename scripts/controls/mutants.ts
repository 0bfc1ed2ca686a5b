/** One rule of the code switched off: a text that stands once in a file, and what takes its place. */
export interface Mutant {
  readonly rule: string
  readonly file: string
  readonly find: string
  readonly replace: string
}

export const MUTANTS: readonly Mutant[] = [
  {
    rule: 'every claim has to be acked: here the first ack wins',
    file: 'src/claims.ts',
    find: 'if (this.#claims === 0 && !this.#emitting) this.#finish()',
    replace: 'if ((acked || this.#claims === 0) && !this.#emitting) this.#finish()',
  },
  {
    rule: 'given back at an end means it comes again: here it counts as handled',
    file: 'src/claims.ts',
    find: 'release: () => queueMicrotask(() => settle(false))',
    replace: 'release: () => queueMicrotask(() => settle(true))',
  },
  {
    rule: 'a chain that closed during next() did not handle the record',
    file: 'src/claims.ts',
    find: "if (closed) this.#spoiled = true\n    if (this.#state === 'open') {\n      this.#state = closed ? 'released' : 'auto'",
    replace: "if (this.#state === 'open') {\n      this.#state = 'auto'",
  },
  {
    rule: 'the prefix is contiguous over what was delivered: here it is counted',
    file: 'src/sources/Part.ts',
    find: 'return this.#last ?? this.window[0]?.raw.offset ?? this.position',
    replace: 'return this.#last ?? this.position - this.window.filter(token => !token.settled).length',
  },
  {
    rule: 'the handled prefix is written down: here the position',
    file: 'src/sources/Part.ts',
    find: 'partition: this.place.partition, offset: this.prefix, topicId',
    replace: 'partition: this.place.partition, offset: this.position, topicId',
  },
  {
    rule: 'a resume scope knows the n-th subscription of a stream: here the stream alone',
    file: 'src/scope.ts',
    find: 'this.#nth.set(owner, nth + 1)',
    replace: 'this.#nth.set(owner, 0)',
  },
  {
    rule: 'a loop holds the record under way, whatever its value: here only a Delivery',
    file: 'src/sources/iterate.ts',
    find: 'const claim = token && !token.bornHeld',
    replace: "const claim = typeof value === 'object' && token && !token.bornHeld",
  },
  {
    rule: 'maxUnhandled bounds what is delivered',
    file: 'src/sources/Pump.ts',
    find: 'return this.#load.records >= records || this.#load.bytes >= bytes',
    replace: 'return this.#load.records + this.#load.bytes < 0 || records + bytes < 0',
  },
  {
    rule: 'what is handled beyond the prefix still fills the window: here it makes room',
    file: 'src/sources/Part.ts',
    find: 'if (moved) this.#hooks.progressed(this, acked)',
    replace: 'this.#hooks.load.records = window.filter(token => !token.settled).length\n    if (moved) this.#hooks.progressed(this, acked)',
  },
  {
    rule: 'a discarded partition keeps its prefix: here it is where it would deliver next',
    file: 'src/sources/Part.ts',
    find: 'this.#last ??= this.prefix',
    replace: 'this.#last ??= this.position',
  },
  {
    rule: 'what has not started is given back at a revocation and at an end',
    file: 'src/sources/Part.ts',
    find: 'for (const token of [...this.window]) token.leave()',
    replace: 'for (const token of [...this.window].slice(0, 0)) token.leave()',
  },
  {
    rule: 'a subscription that is resumed goes on at its prefix: here at its position',
    file: 'src/sources/Part.ts',
    find: 'return { offset: this.prefix, topicId: this.topicId, acked: new Set(acked)',
    replace: 'return { offset: this.position, topicId: this.topicId, acked: new Set(acked)',
  },
  {
    rule: 'the end is marked before error() goes down',
    file: 'src/sources/Reading.ts',
    find: 'ended: () => this.ended,',
    replace: 'ended: () => false,',
  },
  {
    rule: 'a member that a broken reader left behind is taken over',
    file: 'src/sources/LiveReadings.ts',
    find: 'for (const { key } of exclusives) this.#members.set(key, memberId)',
    replace: 'for (const { key } of exclusives.slice(0, 0)) this.#members.set(key, memberId)',
  },
  {
    rule: 'a revocation waits for started work',
    file: 'src/sources/Membership.ts',
    find: 'await Promise.all(parts.map(part => part.whenIdle(timeout)))',
    replace: 'await Promise.race([timeout, Promise.resolve()])',
  },
  {
    rule: 'a revocation ends with a last commit',
    file: 'src/sources/Membership.ts',
    find: 'await this.commit(parts)',
    replace: 'await Promise.resolve()',
  },
  {
    rule: 'the last commit comes before the release: here after it',
    file: 'src/sources/Membership.ts',
    find: 'await this.commit(parts)',
    replace: 'reader?.release(epoch)\n    await this.commit(parts)',
  },
  {
    rule: 'a revocation is released at the reader that said it: here at its successor',
    file: 'src/sources/Membership.ts',
    find: 'if (signal.aborted || reader !== this.#reader()) return',
    replace: 'if (signal.aborted) return\n    if (reader !== this.#reader()) this.#reader()?.release(epoch)',
  },
  {
    rule: 'nothing is delivered after a revocation',
    file: 'src/sources/Membership.ts',
    find: 'for (const part of parts) part.leaving = true\n',
    replace: '',
  },
  {
    rule: 'a partition that comes back starts at what is committed: here at its old position',
    file: 'src/sources/Membership.ts',
    find: 'this.#context.discard(parts)\n    reader?.release(epoch)',
    replace: 'for (const part of parts) part.leaving = false\n    reader?.release(epoch)',
  },
  {
    rule: 'acks after a revocation do not count',
    file: 'src/sources/Part.ts',
    find: 'for (const token of this.window) token.fence()',
    replace: 'for (const token of this.window.slice(0, 0)) token.fence()',
  },
  {
    rule: 'what a lost session handled is not committed any more: here as at a revocation',
    file: 'src/sources/Membership.ts',
    find: 'if (lost) this.#context.discard(parts)\n    else void this.#letGo(epoch, parts)',
    replace: 'void this.#letGo(epoch, parts)',
  },
  {
    rule: 'a found start is committed at once',
    file: 'src/sources/writeFirst.ts',
    find: 'const writing = context.writeDown()',
    replace: 'const writing = Promise.resolve()',
  },
  {
    rule: 'a partition that stays when a reader broke goes on at its position: here anew',
    file: 'src/sources/Membership.ts',
    find: 'part.leaving || isOvertaken(',
    replace: 'part !== undefined || isOvertaken(',
  },
  {
    rule: 'what others committed while the reader was away is not read again',
    file: 'src/sources/Membership.ts',
    find: 'at.committed > part.prefix',
    replace: 'part.prefix < 0',
  },
  {
    rule: 'what is acked while a reader joins is committed once it has',
    file: 'src/sources/Membership.ts',
    find: 'if (!reader || this.#epoch === NO_EPOCH) return false',
    replace: 'if (!reader || this.#epoch === NO_EPOCH) return true',
  },
  {
    rule: 'an epoch ends with its reader: here the next reader is asked with it',
    file: 'src/sources/Membership.ts',
    find: '    this.#epoch = NO_EPOCH\n',
    replace: '',
  },
  {
    rule: 'a member that was left behind is taken over by one subscription: here by two',
    file: 'src/sources/LiveReadings.ts',
    find: 'for (const [key, memberId] of this.#members) if (memberId === left) this.#members.delete(key)',
    replace: 'for (const { key } of exclusives) this.#members.delete(key)',
  },
  {
    rule: 'the reader refuses a commit of an old epoch',
    file: 'src/transports/memory/Membership.ts',
    find: 'const holds = (): boolean => epoch === this.#epoch && ',
    replace: 'const holds = (): boolean => ',
  },
  {
    rule: 'the reader joins again after the release',
    file: 'src/transports/memory/Membership.ts',
    find: 'if (!lost) await this.#timers.within(this.#options.revokeTimeout, released)',
    replace: 'if (lost) await released',
  },
  {
    rule: 'the coordinator refuses a commit of an old generation',
    file: 'src/transports/memory/MemoryGroup.ts',
    find: "if (generation !== this.#generation) throw this.#error('ILLEGAL_GENERATION', what)",
    replace: "if (generation > this.#generation) throw this.#error('ILLEGAL_GENERATION', what)",
  },
]
