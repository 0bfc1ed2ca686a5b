import { describe, expect, it } from 'vitest'
import { exists, rowsOf, testsIn } from './namedTests.ts'
import { read } from './pages.ts'

const PEER_TESTS = 'docs/peer-tests.md'
const COMPATIBILITY = 'docs/compatibility.md'

const named = (page: string) => rowsOf(page).flatMap(({ cells }) => testsIn(cells.at(-1) ?? ''))

describe("the cases of the peers' own tests", () => {
  const cases = rowsOf(PEER_TESTS)

  it('have a test of ours, or say why not', () => {
    expect(cases.length).toBeGreaterThan(150)
    const without = cases.filter(({ cells: [, , here = ''] }) =>
      here.split('<br>').some(said => {
        const [, kind, rest = ''] = /^(our test|differs|not ours): (.+)$/.exec(said) ?? []
        return kind === 'our test' ? testsIn(rest).length === 0 : rest.length < 20
      }),
    )
    expect(without.map(({ cells }) => cells.join(' | '))).toEqual([])
  })

  it('are as many as each heading says', () => {
    const headings = [...new Set(cases.map(({ heading }) => heading))]
    const wrong = headings.flatMap(heading => {
      const own = cases.filter(one => one.heading === heading)
      const names = new Set(own.flatMap(({ cells: [names = ''] }) => names.split(', ')))
      const [, said] = /(\d+)(?: of \d+)? cases\)/.exec(heading) ?? []
      return names.size === Number(said) ? [] : [`${heading}: ${names.size} in the table`]
    })
    expect(wrong).toEqual([])
  })
})

it('the versions of the peers are those that the suite installs', () => {
  const installed = read('test/bed/peers/requirements.txt')
  const peers = rowsOf(COMPATIBILITY).filter(({ heading }) => heading === 'What was run')
  const said = peers.map(({ cells: [name, version] }) => `${name}==${version}`)
  expect(said.filter(line => !installed.includes(`${line}\n`))).toEqual([expect.stringMatching(/^gcn-kafka==/)])
})

describe('a test that the docs name', () => {
  it.each([PEER_TESTS, COMPATIBILITY])('exists: %s', page => {
    const tests = named(page)
    expect(tests.length).toBeGreaterThan(10)
    expect(tests.filter(test => !exists(test))).toEqual([])
  })

  it('stands in each row of the differences', () => {
    const differences = rowsOf(COMPATIBILITY).filter(({ heading }) => heading.startsWith('Where they differ'))
    expect(differences.length).toBeGreaterThan(15)
    expect(differences.filter(({ cells }) => testsIn(cells.at(-1) ?? '').length === 0)).toEqual([])
  })

  it('is missed where it is gone', () => {
    const file = 'test/docs/peerTests.test.ts'
    expect(exists({ file, title: 'is missed where it is gone' })).toBe(true)
    expect([exists({ file, title: 'is missed where it is' }), exists({ file: 'test/none.test.ts', title: 'x' })]).toEqual([false, false])
  })
})
