import type { Subscriber } from 'rxjs'
import { type Claim, during, type Token } from '../claims.ts'
import type { AlertRecord } from '../record.ts'
import { claimedBy } from './records.ts'

/** A record that an operator keeps back, and so long holds: settled once, by one of its methods. */
export class Kept<R extends AlertRecord<unknown>> {
  readonly record: R
  /** None: a plain record. */
  readonly token: Token | undefined
  readonly #claim: Claim | undefined

  /** @throws AlertError ALERT_LATE_HOLD for one that is handled by default already */
  constructor(record: R) {
    this.record = record
    this.token = claimedBy(record)
    this.#claim = this.token?.hold()
  }

  pass(out: Subscriber<R>): void {
    this.passAs(out, this.record)
  }

  /** It goes on, as `value`, and is the record under way: those below can hold it; the one they close at comes again. */
  passAs<T>(out: Subscriber<T>, value: T): void {
    during(this.token, () => out.next(value))
    if (out.closed) this.#claim?.release()
    else this.#claim?.ack()
  }

  /** It is left out. */
  drop(): void {
    if (this.token?.bornHeld) this.token.take().ack()
    this.#claim?.ack()
  }

  /** Nobody below has seen it: it comes again. */
  giveBack(): void {
    if (this.token?.bornHeld) this.token.take().release()
    this.#claim?.release()
  }
}
