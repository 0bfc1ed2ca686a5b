/** The same contents on every machine: what the files in fixtures/ were compressed from (`zstd`, `lz4`; their names say how). */

/** A linear congruential generator. */
function* numbers(): Generator<number, never> {
  for (let state = 12_345; ; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    yield state >>> 8
  }
}

function alertText(length: number): Buffer {
  const next = numbers()
  const number = (below: number): number => next.next().value % below
  const lines: string[] = []
  for (let size = 0, n = 0; size < length; n++) {
    const superevent = {
      superevent_id: `S${n}`,
      far: number(1e6) / 1e9,
      group: 'CBC',
      pipeline: ['gstlal', 'pycbc', 'mbta'][number(3)],
      time: 1e9 + number(1e8),
    }
    lines.push(JSON.stringify(superevent))
    size += lines.at(-1)!.length
  }
  return Buffer.from(lines.join('')).subarray(0, length)
}

function noise(length: number): Buffer {
  const next = numbers()
  return Buffer.from(Array.from({ length }, () => next.next().value & 255))
}

function mixture(): Buffer {
  const text = alertText(40_000)
  const parts = [
    text.subarray(0, 9000),
    noise(3000),
    Buffer.alloc(20_000, 65),
    text.subarray(500, 30_000),
    Buffer.alloc(140_000),
    noise(500),
    text,
  ]
  return Buffer.concat(parts)
}

/** A few letters, the first ones often. */
function letters(length: number): Buffer {
  const next = numbers()
  const letter = (): number => 97 + Math.min(next.next().value % 12, next.next().value % 12)
  return Buffer.from(Array.from({ length }, letter))
}

/** Words of three bytes in any order: many short repetitions. */
function words(): Buffer {
  const next = numbers()
  const known = Array.from({ length: 7 }, (_, i) => Buffer.from([i, 200 + i, 100 - i]))
  return Buffer.concat(Array.from({ length: 30_000 }, () => known[next.next().value % known.length]!))
}

/** One noise over and over, its ends cut: long repetitions at few distances. */
function strides(): Buffer {
  const next = numbers()
  const whole = noise(2000)
  return Buffer.concat(Array.from({ length: 40 }, () => whole.subarray(next.next().value % 30, 2000 - (next.next().value % 30))))
}

export const SAMPLES = {
  empty: Buffer.alloc(0),
  one: Buffer.from('a'),
  short: Buffer.from('{"superevent_id":"S230518h"}'),
  text: alertText(300_000),
  noise: noise(3000),
  zeros: Buffer.alloc(300_000),
  mixture: mixture(),
  letters: letters(230),
  book: letters(60_000),
  words: words(),
  strides: strides(),
} as const

export type SampleName = keyof typeof SAMPLES
