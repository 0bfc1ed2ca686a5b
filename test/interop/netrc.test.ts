import { expect, it } from 'vitest'
import { NETRC_ANSWERS, type NetrcAnswer } from '../auth/netrcAnswers.ts'
import { pythonLines } from '../bed/peers.ts'

it("the answers that our reader of netrc is held to are those of Python's", async () => {
  const texts = NETRC_ANSWERS.map(([text]) => text)
  const lines = await pythonLines<{ readonly machines: NetrcAnswer } | { readonly error: true }>('netrc_read.py', { texts })
  expect(lines.map(line => ('error' in line ? 'error' : line.machines))).toEqual(NETRC_ANSWERS.map(([, answer]) => answer))
})
