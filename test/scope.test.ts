import { describe, expect, it } from 'vitest'
import { currentScope, Scope } from '../src/scope.ts'

describe('a resume scope', () => {
  it('is current only while it subscribes, also when that throws', () => {
    const scope = new Scope(() => {})
    expect(currentScope()).toBeUndefined()
    expect(scope.run(currentScope)).toBe(scope)
    expect(() =>
      scope.run(() => {
        throw new RangeError('subscribe')
      }),
    ).toThrow(RangeError)
    expect(currentScope()).toBeUndefined()
  })

  it('nests: the inner one, then the outer one again', () => {
    const [outer, inner] = [new Scope(() => {}), new Scope(() => {})]
    const seen = outer.run(() => [currentScope(), inner.run(currentScope), currentScope()])
    expect(seen).toEqual([outer, inner, outer])
  })

  it('knows a source by its object and by which subscription of it it is in one pass', () => {
    const scope = new Scope(() => {})
    const [a, b] = [{}, {}]
    scope.run(() => {
      scope.slot<string>(a).keep('a, first')
      scope.slot<string>(b).keep('b')
      scope.slot<string>(a).keep('a, second')
    })
    const again = scope.run(() => [a, a, b].map(owner => scope.slot<string>(owner).previous))
    expect(again).toEqual(['a, first', 'a, second', 'b'])
  })

  it('has nothing for one that is new in it', () => {
    const scope = new Scope(() => {})
    const owner = {}
    scope.run(() => scope.slot(owner).keep(1))
    const again = scope.run(() => [scope.slot(owner).previous, scope.slot(owner).previous, scope.slot({}).previous])
    expect(again).toEqual([1, undefined, undefined])
  })

  it('keeps what a subscription leaves last', () => {
    const scope = new Scope(() => {})
    const owner = {}
    scope.run(() => {
      const slot = scope.slot<number>(owner)
      slot.keep(1)
      slot.keep(2)
    })
    expect(scope.run(() => scope.slot(owner).previous)).toBe(2)
  })

  it('is told of a record that was never delivered before', () => {
    let fresh = 0
    const scope = new Scope(() => fresh++)
    scope.run(() => scope.slot({})).fresh()
    expect(fresh).toBe(1)
  })
})
