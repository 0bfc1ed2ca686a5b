import { describe, expect, it } from 'vitest'
import { crc32c } from '../../../src/transports/kafka/crc32c.ts'

const ascending = Uint8Array.from({ length: 32 }, (_, i) => i)
const iscsiRead = Uint8Array.from(
  Buffer.from('01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000000000', 'hex'),
)

/** One bit at a time, straight from the definition. */
function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

describe('crc32c', () => {
  it.each([
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['0 to 31', ascending, 0x46dd794e],
    ['31 to 0', ascending.toReversed(), 0x113fdb5c],
    ['an iSCSI read command', iscsiRead, 0xd9963a56],
    ['123456789', Buffer.from('123456789'), 0xe3069283],
    ['nothing', new Uint8Array(0), 0],
  ])('gives the known answer of RFC 3720 for %s', (_, bytes, answer) => {
    expect(crc32c(bytes)).toBe(answer)
  })

  it('equals the definition for every length around the eight bytes of a turn', () => {
    const bytes = Uint8Array.from({ length: 67 }, (_, i) => (i * 167 + 13) & 255)
    for (let length = 0; length <= bytes.length; length++)
      expect(crc32c(bytes.subarray(0, length))).toBe(bitwise(bytes.subarray(0, length)))
  })

  it('covers the given part alone', () => {
    const inside = Buffer.from('xx123456789yyy')
    expect(crc32c(inside, 2, 11)).toBe(0xe3069283)
    expect(crc32c(inside, 2)).toBe(bitwise(inside.subarray(2)))
    expect(crc32c(inside, 5, 5)).toBe(0)
  })
})
