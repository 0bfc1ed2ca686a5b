import { Observable, type OperatorFunction } from 'rxjs'
import { iterate } from './iterate.ts'

/** rxjs's OperatorFunction, in short. */
export type Op<A, B> = OperatorFunction<A, B>

/**
 * An Observable that is an async iterable too, also behind `pipe`. Cold: each subscription, and each loop, reads for itself.
 *
 * A loop (`for await`) holds the record whose emission brought it the value, and acks it when it asks for the next one; `break` and a throw
 * give it back. A bare `subscribe` promises nothing about its handler and has no backpressure: put `handle` before it.
 *
 * @example
 * for await (const { payload } of client.topic('superevent').pipe(parseJson())) console.log(payload)
 */
export class AlertStream<T> extends Observable<T> implements AsyncIterable<T> {
  /** As an Observable's, and what comes out can be looped over too. Of more than eight operators: `pipe(...).pipe(...)`. */
  override pipe(): AlertStream<T>
  override pipe<A>(a: Op<T, A>): AlertStream<A>
  override pipe<A, B>(a: Op<T, A>, b: Op<A, B>): AlertStream<B>
  override pipe<A, B, C>(a: Op<T, A>, b: Op<A, B>, c: Op<B, C>): AlertStream<C>
  override pipe<A, B, C, D>(a: Op<T, A>, b: Op<A, B>, c: Op<B, C>, d: Op<C, D>): AlertStream<D>
  override pipe<A, B, C, D, E>(a: Op<T, A>, b: Op<A, B>, c: Op<B, C>, d: Op<C, D>, e: Op<D, E>): AlertStream<E>
  override pipe<A, B, C, D, E, F>(a: Op<T, A>, b: Op<A, B>, c: Op<B, C>, d: Op<C, D>, e: Op<D, E>, f: Op<E, F>): AlertStream<F>
  override pipe<A, B, C, D, E, F, G>(
    a: Op<T, A>,
    b: Op<A, B>,
    c: Op<B, C>,
    d: Op<C, D>,
    e: Op<D, E>,
    f: Op<E, F>,
    g: Op<F, G>,
  ): AlertStream<G>
  override pipe<A, B, C, D, E, F, G, H>(
    a: Op<T, A>,
    b: Op<A, B>,
    c: Op<B, C>,
    d: Op<C, D>,
    e: Op<D, E>,
    f: Op<E, F>,
    g: Op<F, G>,
    h: Op<G, H>,
  ): AlertStream<H>
  override pipe(...operators: Op<never, unknown>[]): AlertStream<unknown> {
    if (operators.length === 0) return this
    return toStream(operators.reduce<Observable<unknown>>((source, operator) => operator(source as Observable<never>), this))
  }

  /** A loop: subscribes at its first value, unsubscribes at its end. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return iterate(this)
  }
}

/**
 * Any Observable as an AlertStream, e.g. that of rxjs's `merge`.
 *
 * @example
 * for await (const record of toStream(merge(client.topic('superevent'), other.topic('superevent')))) console.log(record.topic)
 */
export function toStream<T>(source: Observable<T>): AlertStream<T> {
  return source instanceof AlertStream ? source : new AlertStream<T>(subscriber => source.subscribe(subscriber))
}
