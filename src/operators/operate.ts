import { Subscriber } from 'rxjs'

export interface Steps<T> {
  /** What it throws goes to `error`. */
  readonly next: (value: T) => void
  /** @default passes it on */
  readonly error?: ((error: unknown) => void) | undefined
  /** @default passes it on */
  readonly complete?: (() => void) | undefined
}

/**
 * The subscriber of an operator: takes the values from above and ends with `out`, also while the source still emits within `subscribe`. As
 * rxjs 8's `operate`; 7.8 keeps its own to itself, and a plain observer cannot be unsubscribed before `subscribe` returned.
 */
class Stage<T> extends Subscriber<T> {
  readonly #steps: { readonly [S in keyof Steps<T>]-?: NonNullable<Steps<T>[S]> }

  constructor(out: Subscriber<never>, { next, error, complete }: Steps<T>) {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- kept from users, not from operators; there is no other way to link the two
    super(out)
    this.#steps = { next, error: error ?? (thrown => out.error(thrown)), complete: complete ?? (() => out.complete()) }
  }

  protected override _next(value: T): void {
    try {
      this.#steps.next(value)
    } catch (error) {
      this.#steps.error(error)
    }
  }

  protected override _error(error: unknown): void {
    this.#steps.error(error)
    this.unsubscribe()
  }

  protected override _complete(): void {
    this.#steps.complete()
    this.unsubscribe()
  }
}

export const operate = <T>(out: Subscriber<never>, steps: Steps<T>): Subscriber<T> => new Stage(out, steps)
