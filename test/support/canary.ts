import { inspect } from 'node:util'
import { expect } from 'vitest'

/** A password no text holds by chance, with characters that every encoding changes. */
export const CANARY = `canary-"7f'\\ é/+=&%-${'z9'.repeat(4)}`

const SHORTEST = 8

/**
 * Where a secret shows in texts, bytes, errors or objects (as util.inspect, JSON and their messages, stacks and causes print them), be it
 * plain, escaped, in base64, percent-encoded or as a list of bytes. Empty: nowhere.
 */
export function findSecret(secret: string, ...places: readonly unknown[]): readonly string[] {
  const forms = formsOf(secret)
  return places.flatMap((place, index) =>
    [...textsOf(place)].flatMap(([how, text]) =>
      forms.filter(([, form]) => text.includes(form)).map(([name]) => `place ${index}, ${how}: ${name}`),
    ),
  )
}

/** Fails with where the secret shows, not with the secret. */
export function expectNoSecret(secret: string, ...places: readonly unknown[]): void {
  expect(findSecret(secret, ...places)).toEqual([])
}

function formsOf(secret: string): readonly (readonly [name: string, form: string])[] {
  if (secret.length < SHORTEST) throw new RangeError(`a canary needs ${SHORTEST} characters, or it is found by chance`)
  const bytes = Buffer.from(secret)
  const quoted = (text: string): string => text.slice(1, -1)
  const base64 = [0, 1, 2].map(shift => base64Core(bytes, shift))
  const forms: [string, string][] = [
    ['plain', secret],
    ['read as latin1', bytes.toString('latin1')],
    ['escaped as JSON', quoted(JSON.stringify(secret))],
    ['escaped by util.inspect', quoted(inspect(secret))],
    ['base64', base64[0]!],
    ['base64, shifted by 1', base64[1]!],
    ['base64, shifted by 2', base64[2]!],
    ...base64.map((text, shift): [string, string] => [`base64url, shifted by ${shift}`, text.replaceAll('+', '-').replaceAll('/', '_')]),
    ['percent-encoded', encodeURIComponent(secret)],
    ['form-encoded', new URLSearchParams({ '': secret }).toString().slice(1)],
    ['percent-encoded throughout', [...bytes].map(byte => `%${byte.toString(16).padStart(2, '0')}`).join('')],
    ['hexadecimal', bytes.toString('hex')],
    ['hexadecimal, as a Buffer is shown', bytes.toString('hex').match(/../g)!.join(' ')],
    ['a list of bytes', [...bytes].join(',')],
    ['a list of bytes, spaced', [...bytes].join(', ')],
  ]
  return forms.flatMap(([name, form]) => [...spellings(form)].map(spelling => [name, spelling] as const))
}

/** Hexadecimal digits behind '%' are written in either case. */
const spellings = (form: string): ReadonlySet<string> =>
  new Set([form, form.replace(/%../g, code => code.toUpperCase()), form.replace(/%../g, code => code.toLowerCase())])

/** The characters that depend on the secret alone when it stands at this offset, modulo 3, in what is encoded. */
function base64Core(bytes: Uint8Array, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '')
  const whole = Math.floor(((shift + bytes.length) * 8) / 6)
  return text.slice(shift === 0 ? 0 : shift + 1, whole)
}

function* textsOf(place: unknown, how = '', seen: Set<unknown> = new Set()): Generator<[how: string, text: string]> {
  if (seen.has(place)) return
  seen.add(place)
  if (typeof place === 'string') yield [`${how}text`, place]
  if (place instanceof Uint8Array) yield [`${how}bytes`, Buffer.from(place).toString('latin1')]
  yield [`${how}inspect`, inspect(place, { depth: 10, breakLength: Infinity, maxArrayLength: null, maxStringLength: null })]
  yield [`${how}JSON`, toJson(place)]
  if (!(place instanceof Error)) return
  yield [`${how}message`, place.message]
  yield [`${how}stack`, place.stack ?? '']
  yield* textsOf(place.cause, `${how}cause, `, seen)
  if (place instanceof AggregateError) for (const error of place.errors) yield* textsOf(error, `${how}errors, `, seen)
}

/** As far as it can be written; a cycle ends it, as it would for a logger. */
function toJson(place: unknown): string {
  try {
    return JSON.stringify(place, (_key, value: unknown) => plainly(value)) ?? ''
  } catch {
    return ''
  }
}

function plainly(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}`
  return value instanceof Uint8Array ? [...value] : value
}
