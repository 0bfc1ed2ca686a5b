import { describe, expect, it } from 'vitest'
import { senderHeader, wireHeaders, withSender } from '../../src/sinks/headers.ts'
import { newId } from '../../src/sinks/ids.ts'

const names = (headers: readonly { readonly name: string }[]): string[] => headers.map(({ name }) => name)

describe('withSender', () => {
  const parts = { own: [['_id_of_mine', 'x']] as const, id: newId(), sender: undefined, test: true, format: 'json' }

  it('puts the sender where it would have been, had it been known', () => {
    const late = withSender(wireHeaders(parts), 'ligo')
    expect(late).toEqual(wireHeaders({ ...parts, sender: senderHeader('ligo') }))
    expect(names(late)).toEqual(['_id_of_mine', '_id', '_sender', '_test', '_format'])
  })

  it('leaves headers as they are without a name, or with a sender', () => {
    const known = wireHeaders({ ...parts, sender: senderHeader('virgo') })
    expect(withSender(known, 'ligo')).toBe(known)
    const anonymous = wireHeaders(parts)
    expect(withSender(anonymous, undefined)).toBe(anonymous)
    expect(withSender(anonymous, '')).toBe(anonymous)
  })
})
