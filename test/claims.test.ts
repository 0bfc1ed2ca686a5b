import { describe, expect, it } from 'vitest'
import {
  currentLoop,
  currentToken,
  during,
  inLoop,
  isWithoutRecord,
  type Loop,
  setCurrentToken,
  Token,
  type TokenOwner,
  withoutRecord,
} from '../src/claims.ts'
import { AlertError, DecodeError } from '../src/errors.ts'
import { Delivery } from '../src/record.ts'
import { rawRecord } from './support/deliveries.ts'

/** A partition that notes what its token tells it. */
class Owner implements TokenOwner {
  readonly place = { server: 'h:1', group: null, topic: 't', fullTopic: 't', partition: 0 }
  ended = false
  leaving = false
  readonly heard: unknown[] = []

  settled(acked: boolean): void {
    this.heard.push(acked ? 'acked' : 'settled')
  }
  failed(_token: Token, error: AlertError): void {
    this.heard.push(error.message)
  }
  late(): void {
    this.heard.push('late')
  }
}

const make = (): { owner: Owner; token: Token } => {
  const owner = new Owner()
  return { owner, token: new Token(owner, rawRecord(null, { offset: 7 })) }
}

/** Releases count a microtask later. */
const microtask = (): Promise<void> => Promise.resolve()

describe('a token', () => {
  it('is open, and handled by default when its next() has returned', () => {
    const { owner, token } = make()
    expect([token.state, token.handled]).toEqual(['open', false])
    token.emitted(false)
    expect([token.state, token.handled, owner.heard]).toEqual(['auto', true, ['settled']])
  })

  it('is handled when every claim is acked, and not before its next() has returned', () => {
    const { owner, token } = make()
    const [a, b] = [token.hold(), token.hold()]
    a.ack()
    b.ack()
    expect([token.state, token.handled]).toEqual(['held', false])
    token.emitted(false)
    expect([token.state, token.handled, owner.heard]).toEqual(['acked', true, ['acked']])
  })

  it('waits for the last claim', () => {
    const { owner, token } = make()
    const [a, b] = [token.hold(), token.hold()]
    token.emitted(false)
    b.ack()
    b.ack()
    expect(token.handled).toBe(false)
    a.ack()
    expect([token.state, owner.heard]).toEqual(['acked', ['acked']])
  })

  it('counts a claim once, however often it is settled', async () => {
    const { token } = make()
    const [a, b] = [token.hold(), token.hold()]
    token.emitted(false)
    a.ack()
    a.release()
    a.ack()
    await microtask()
    expect(token.handled).toBe(false)
    b.release()
    await microtask()
    expect(token.handled).toBe(true)
  })

  it('is acked at once by ack(), which speaks for all claims; holds and acks after it do nothing', () => {
    const { owner, token } = make()
    const claim = token.hold()
    token.emitted(false)
    token.ack()
    expect([token.state, token.handled]).toEqual(['acked', true])
    token.hold().release()
    claim.release()
    token.ack()
    expect([token.state, owner.heard]).toEqual(['acked', ['acked']])
  })

  it('that was acked during next() is handled when that has returned, also if the chain closed in it', () => {
    const { owner, token } = make()
    token.ack()
    expect([token.handled, owner.heard]).toEqual([false, []])
    token.emitted(true)
    expect([token.handled, owner.heard]).toEqual([true, ['acked']])
  })

  it('comes again when the chain closed during next(), nobody holding it', () => {
    const { owner, token } = make()
    token.emitted(true)
    expect([token.state, token.handled, token.settled, owner.heard]).toEqual(['released', false, true, ['settled']])
  })

  it('comes again when the chain closed during next(), whoever acks it afterwards', () => {
    const { token } = make()
    const claim = token.hold()
    token.emitted(true)
    claim.ack()
    expect([token.state, token.handled]).toEqual(['released', false])
  })

  it.each([
    ['while all goes on is a claim given up', {}, 'acked'],
    ['after the end comes again', { ended: true }, 'released'],
    ['while the partition leaves comes again', { leaving: true }, 'released'],
  ])('that is given back %s', async (_, how, state) => {
    const { owner, token } = make()
    const claim = token.hold()
    token.emitted(false)
    Object.assign(owner, how)
    claim.release()
    expect(token.state).toBe('held')
    await microtask()
    expect(token.state).toBe(state)
  })

  it('of which one branch leaves while the other works on is handled by the other', async () => {
    const { owner, token } = make()
    const [left, works] = [token.hold(), token.hold()]
    token.emitted(false)
    left.release()
    await microtask()
    owner.ended = true
    works.ack()
    expect(token.state).toBe('acked')
  })

  it('of which one branch is given back at the end comes again, although the other acks', async () => {
    const { owner, token } = make()
    const [left, works] = [token.hold(), token.hold()]
    token.emitted(false)
    owner.ended = true
    left.release()
    await microtask()
    works.ack()
    expect(token.state).toBe('released')
  })

  it('throws ALERT_LATE_HOLD for a hold once it is handled by default', () => {
    const { token } = make()
    token.emitted(false)
    expect(() => token.hold()).toThrow(
      expect.objectContaining({
        code: 'ALERT_LATE_HOLD',
        message: 't[0]@7 is handled already, by default when its next() returned. Put handle() before asynchronous operators',
      }),
    )
  })

  it('tells of an ack that comes after it was handled by default', () => {
    const { owner, token } = make()
    token.emitted(false)
    token.ack()
    expect([token.state, owner.heard]).toEqual(['auto', ['settled', 'late']])
  })

  it('reports a failure, and is acked by it', () => {
    const { owner, token } = make()
    token.hold()
    token.emitted(false)
    token.fail(new TypeError('no JSON'))
    expect([token.state, owner.heard]).toEqual(['acked', ['no JSON', 'acked']])
  })

  it('fails with the error as it is, or with what was thrown as the cause of one', () => {
    const heard: AlertError[] = []
    for (const error of [new AlertError('ALERT_TIMEOUT', 'too slow'), new DecodeError('not JSON', 't[0]@7'), new TypeError('x'), 'text']) {
      const { owner, token } = make()
      owner.failed = (_token, told) => heard.push(told)
      token.emitted(false)
      token.fail(error)
    }
    expect(heard.map(({ code, message }) => [code, message])).toEqual([
      ['ALERT_TIMEOUT', 'too slow'],
      ['ALERT_DECODE', 't[0]@7: not JSON'],
      ['ALERT_HANDLER', 'x'],
      ['ALERT_HANDLER', 'text'],
    ])
    expect(heard.slice(2).map(({ cause }) => cause)).toEqual([new TypeError('x'), 'text'])
  })

  it('is fenced once acks no longer count, and aborts its signal', () => {
    const { token } = make()
    const claim = token.hold()
    const { signal } = new Delivery(token, null)
    token.emitted(false)
    expect(signal.aborted).toBe(false)
    token.fence()
    claim.ack()
    token.ack()
    expect([token.state, token.handled, signal.aborted]).toEqual(['fenced', false, true])
  })

  it('has an aborted signal also for who asks for it after that', () => {
    const { token } = make()
    token.hold()
    token.fence()
    expect(token.signal.aborted).toBe(true)
  })

  it('stays handled when it is fenced later', () => {
    const { token } = make()
    token.emitted(false)
    token.fence()
    expect([token.state, token.signal.aborted]).toEqual(['auto', false])
  })

  it('asks back what has not started, of those who still wait to be asked', () => {
    const { token } = make()
    const asked: string[] = []
    token.onLeave(() => asked.push('a'))
    const off = token.onLeave(() => asked.push('b'))
    off()
    token.leave()
    expect(asked).toEqual(['a'])
  })

  it.each<[string, string, (token: Token) => void]>([
    ['handled by default', 'auto', token => token.emitted(false)],
    [
      'handled by a claim',
      'acked',
      token => {
        const claim = token.hold()
        token.emitted(false)
        claim.ack()
      },
    ],
    [
      'acked during its next()',
      'acked',
      token => {
        token.ack()
        token.emitted(false)
      },
    ],
    ['given back', 'released', token => token.emitted(true)],
    ['fenced', 'fenced', token => token.fence()],
  ])('tells once that it is settled: %s', (_, state, settle) => {
    const { token } = make()
    const told: string[] = []
    token.onSettled(() => told.push(`a ${token.state}`))
    token.onSettled(() => told.push(`b ${token.state}`))
    expect(told).toEqual([])
    settle(token)
    token.fence()
    token.ack()
    expect(told).toEqual([`a ${state}`, `b ${state}`])
  })

  it('does not tell of an ack before its next() has returned', () => {
    const { token } = make()
    let told = false
    token.onSettled(() => {
      told = true
    })
    token.ack()
    expect(told).toBe(false)
    token.emitted(false)
    expect(told).toBe(true)
  })
})

describe('a token that is born held', () => {
  it('waits for its ack', () => {
    const { token } = make()
    token.bear()
    token.emitted(false)
    expect([token.bornHeld, token.handled]).toEqual([true, false])
    token.ack()
    expect(token.handled).toBe(true)
  })

  it('is taken over once: the next taker has a claim of its own', () => {
    const { token } = make()
    token.bear()
    const [first, second] = [token.take(), token.take()]
    token.emitted(false)
    expect(token.bornHeld).toBe(false)
    first.ack()
    expect(token.handled).toBe(false)
    second.ack()
    expect(token.handled).toBe(true)
  })

  it('is settled by an operator that drops it; one that is not born held needs nothing', () => {
    const { token } = make()
    token.bear()
    token.drop()
    token.emitted(false)
    expect(token.handled).toBe(true)
    const other = make().token
    other.hold()
    other.drop()
    other.emitted(false)
    expect(other.handled).toBe(false)
  })
})

describe('the record under way', () => {
  it('is the innermost, and the one before it again afterwards, also after a throw', () => {
    const [a, b] = [make().token, make().token]
    during(a, () => {
      expect(currentToken()).toBe(a)
      expect(() =>
        during(b, () => {
          expect(currentToken()).toBe(b)
          throw new RangeError('inside')
        }),
      ).toThrow(RangeError)
      expect(currentToken()).toBe(a)
    })
    expect(currentToken()).toBeUndefined()
  })

  it('may be none on purpose: so long only, also after a throw', () => {
    expect(isWithoutRecord()).toBe(false)
    expect(() =>
      withoutRecord(() => {
        withoutRecord(() => {})
        expect(isWithoutRecord()).toBe(true)
        throw new RangeError('inside')
      }),
    ).toThrow(RangeError)
    expect(isWithoutRecord()).toBe(false)
  })

  it('is set and set back by who cannot use a callback', () => {
    const { token } = make()
    expect(setCurrentToken(token)).toBeUndefined()
    expect(setCurrentToken(undefined)).toBe(token)
  })
})

describe('the loop that is subscribing', () => {
  it('is known only meanwhile', () => {
    const loop: Loop = {}
    expect(inLoop(loop, () => currentLoop())).toBe(loop)
    expect(currentLoop()).toBeUndefined()
  })
})
