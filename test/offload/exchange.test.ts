import { describe, expect, it, test } from 'vitest'
import { authorization, readChallenge, readInfo } from '../../src/offload/exchange.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const DATA = base64('r=abc,s=xyz=,i=4096')
const SAID = { sid: 's1', message: 'r=abc,s=xyz=,i=4096' }

test('authorization() is what hop sends', () => {
  expect(authorization('SCRAM-SHA-512', 'n,,n=alice,r=abc')).toBe(`SCRAM-SHA-512 data=${base64('n,,n=alice,r=abc')}`)
  expect(authorization('SCRAM-SHA-256', 'c=biws', 's1')).toBe(`SCRAM-SHA-256 sid=s1,data=${base64('c=biws')}`)
})

describe('readChallenge()', () => {
  test.each([
    ['as hop’s servers write it', `SCRAM-SHA-512 sid=s1,data=${DATA}`],
    ['in another order, spaced', `SCRAM-SHA-512 data=${DATA} , sid=s1`],
    ['quoted', `SCRAM-SHA-512 sid="s1", data="${DATA}"`],
    ['quoted, with an escape', `SCRAM-SHA-512 sid="s\\1", data="${DATA}"`],
    ['in another case', `scram-sha-512 SID=s1,Data=${DATA}`],
    ['with a realm', `SCRAM-SHA-512 realm="a, b", sid=s1, data=${DATA}`],
    ['behind others', `Basic realm="x", SCRAM-SHA-256, SCRAM-SHA-512 sid=s1,data=${DATA}`],
    ['before another', `SCRAM-SHA-512 sid=s1,data=${DATA}, SCRAM-SHA-256 sid=s2,data=${base64('other')}`],
  ])('%s', (_how, header) => {
    expect(readChallenge(header, 'SCRAM-SHA-512')).toEqual(SAID)
  })

  test.each([
    ['no header', null],
    ['nothing', ''],
    ['only the name', 'SCRAM-SHA-512'],
    ['another mechanism', `SCRAM-SHA-256 sid=s1,data=${DATA}`],
    ['a longer name', `XSCRAM-SHA-512 sid=s1,data=${DATA}`],
    ['no sid', `SCRAM-SHA-512 data=${DATA}`],
    ['no data', 'SCRAM-SHA-512 sid=s1'],
    ['data that is no base64', 'SCRAM-SHA-512 sid=s1,data=%%'],
    ['data that is no text', `SCRAM-SHA-512 sid=s1,data=${Buffer.of(0xff, 0xfe).toString('base64')}`],
    ['a sid that a header could not repeat', `SCRAM-SHA-512 sid="a b\\"",data=${DATA}`],
    ['a sid without end', `SCRAM-SHA-512 sid=${'x'.repeat(300)},data=${DATA}`],
  ])('finds none in %s', (_how, header) => {
    expect(readChallenge(header, 'SCRAM-SHA-512')).toBeUndefined()
  })
})

describe('readInfo()', () => {
  it('reads the last message', () => expect(readInfo(`sid=s1,data=${base64('v=abc')}`)).toEqual({ sid: 's1', message: 'v=abc' }))
  it('finds none', () => expect([readInfo(null), readInfo('sid=s1'), readInfo(`data=${DATA}`)]).toEqual([undefined, undefined, undefined]))
})
