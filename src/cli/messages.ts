import { ConfigError, decodePayload, type Outgoing, outgoing, readJson, writeAvro, writeJson } from '../index.ts'

/** What a file may be sent as, by hop's names. */
export const FORMATS = ['avro', 'blob', 'circular', 'gcntextnotice', 'json', 'voevent'] as const
export type Format = (typeof FORMATS)[number]

export interface MessageFlags {
  /** Undefined: the alert's text as a JSON string, as GraceDB publishes. */
  readonly format?: Format | undefined
  readonly test?: boolean | undefined
  readonly key?: string | undefined
}

/**
 * What a file is sent as: without a format its text as a JSON string, so that `json.loads(payload)` in a Python callback gives the alert; else
 * what hop's reader of that format takes.
 *
 * @throws ConfigError when it is not of its format: a broken alert is not published by mistake
 */
export function messageOf(file: string, bytes: Uint8Array, { format, test, key }: MessageFlags): Outgoing {
  try {
    return format === undefined ? outgoing(jsonText(bytes), { test, key }) : outgoing(payloadOf(bytes, format), { test, key, format })
  } catch (error) {
    const what = format === undefined || format === 'json' ? 'is' : `cannot be sent as ${format}:`
    throw new ConfigError(`${file} ${what} ${error instanceof Error ? error.message : String(error)}`, {
      mend: '--format blob sends any bytes as they are',
    })
  }
}

const textOf = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes)

function jsonText(bytes: Uint8Array): string {
  readJson(bytes)
  return textOf(bytes)
}

/** Bytes that are of the format already stay as they are. @throws AlertError when hop's reader would not take them */
function payloadOf(bytes: Uint8Array, format: Format): Uint8Array {
  const payload = CONVERT[format]?.(bytes) ?? bytes
  decodePayload({ payload, headers: [{ name: '_format', value: new TextEncoder().encode(format) }] })
  return payload
}

/** From what people have in their files. */
const CONVERT: Readonly<Partial<Record<Format, (bytes: Uint8Array) => Uint8Array | undefined>>> = {
  avro: bytes => (isAvroFile(bytes) ? undefined : writeAvro(readJson(bytes, { bigints: true, unwrap: 0 }))),
  circular: bytes => (/^\s*\{/.test(textOf(bytes)) ? undefined : writeJson(circularOf(textOf(bytes)))),
}

/** How every object container file begins. */
const isAvroFile = ([o, b, j, version]: Uint8Array): boolean => o === 0x4f && b === 0x62 && j === 0x6a && version === 1

/** A circular as it is mailed: `name: value` lines, folded where they were too long, an empty line, the body. */
function circularOf(text: string): { header: Record<string, string>; body: string } {
  const [head = '', ...body] = text.replaceAll('\r\n', '\n').split('\n\n')
  const lines = head.replaceAll(/\n[ \t]+/g, ' ').split('\n')
  const pairs = lines.map(line => {
    const [, name, value] = /^([^\s:]+):[ \t]*(.*)$/.exec(line) ?? []
    if (name === undefined || value === undefined)
      throw new Error('it does not begin with lines such as "title: ...", or with a JSON object')
    return [name.toLowerCase(), value] as const
  })
  return { header: Object.fromEntries(pairs), body: body.join('\n\n') }
}
