import { AlertError } from '../../errors.ts'
import { DEFAULT_LIMITS, type Limits } from '../../limits.ts'
import { ByteSource } from './ByteSource.ts'
import { inflateRaw } from './inflate.ts'
import { Place, shownText } from './place.ts'
import type { AvroType } from './schema.ts'
import { schemaFrom } from './schemaCache.ts'
import { ValueReader } from './ValueReader.ts'

/** How `readAvro` reads. */
export interface ReadAvroOptions {
  /** Integers beyond ±(2^53 - 1) as bigints, exact; the others stay numbers. @default false: all are numbers, the large ones rounded */
  readonly bigints?: boolean | undefined
  /** Bounds on the payload. @default DEFAULT_LIMITS */
  readonly limits?: Partial<Pick<Limits, 'avroBytes' | 'avroItems' | 'avroDepth'>> | undefined
}

/** `Obj` and the version of the format. */
export const MAGIC: Uint8Array = Uint8Array.of(0x4f, 0x62, 0x6a, 1)
export const SYNC_BYTES = 16
/** Of the header: hop's schema for a list of thousands of objects has megabytes, for each is a record of its own. */
const MOST_HEADER_BYTES = 16 * 1024 * 1024

/** Of what may be no text: an error shows it. */
const decoder = new TextDecoder()

const METADATA: AvroType = { kind: 'map', values: { kind: 'bytes' } }

/**
 * Reads an Avro object container file: all its records, in order. hop's have one; that of SCiMMA's `igwn.gwalert` is an array of one alert.
 *
 * Records, errors and maps become plain objects, `bytes` and `fixed` Uint8Arrays of their own, enums strings; logical types stay the value
 * that they annotate. Codecs: `null` and `deflate`. Read as leniently as hop writes: the empty unions, unions with several maps or arrays and
 * names with any character in them that other libraries refuse.
 *
 * @throws AlertError ALERT_DECODE with the byte and the place among the values, ALERT_TOO_LARGE
 */
export function readAvro(bytes: Uint8Array, { bigints = false, limits = {} }: ReadAvroOptions = {}): readonly unknown[] {
  const { avroBytes, avroItems, avroDepth } = DEFAULT_LIMITS
  const bounds = {
    avroBytes: limits.avroBytes ?? avroBytes,
    avroItems: limits.avroItems ?? avroItems,
    avroDepth: limits.avroDepth ?? avroDepth,
  }
  if (bytes.length > bounds.avroBytes) {
    throw new AlertError('ALERT_TOO_LARGE', `${bytes.length} bytes of Avro, more than limits.avroBytes, ${bounds.avroBytes}`)
  }
  try {
    return new ContainerReader(bytes, bounds, bigints).records()
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const text = `Avro that nests deeper than the stack of this program reads, yet no deeper than limits.avroDepth, ${bounds.avroDepth}`
    throw new AlertError('ALERT_TOO_LARGE', text, { cause: error })
  }
}

type Bounds = Pick<Limits, 'avroBytes' | 'avroItems' | 'avroDepth'>

interface Header {
  readonly type: AvroType
  readonly inflates: boolean
  readonly sync: Uint8Array
}

class ContainerReader {
  readonly #place = new Place()
  readonly #source: ByteSource
  readonly #reader: ValueReader
  readonly #limits: Bounds
  /** How many more bytes blocks may inflate to. */
  #bytesLeft: number

  constructor(bytes: Uint8Array, limits: Bounds, bigints: boolean) {
    this.#source = new ByteSource(bytes, this.#place)
    this.#reader = new ValueReader(this.#place, { limits, bigints })
    this.#limits = limits
    this.#bytesLeft = limits.avroBytes
  }

  records(): unknown[] {
    const header = this.#header()
    const records: unknown[] = []
    while (this.#source.left > 0) this.#block(header, records)
    return records
  }

  #header(): Header {
    const source = this.#source
    const magic = source.view(Math.min(MAGIC.length, source.left), 'the first bytes')
    if (!isEqual(magic, MAGIC)) throw source.fault(`got ${hex(magic) || 'nothing'}, expected ${hex(MAGIC)}: 'Obj' and 1`, 0)
    const metadata = this.#reader.read(source, METADATA) as Readonly<Record<string, Uint8Array>>
    if (source.at > MOST_HEADER_BYTES) throw source.excess(`got a header of ${source.at} bytes, expected at most ${MOST_HEADER_BYTES}`, 0)
    const sync = source.view(SYNC_BYTES, 'the sync marker')
    return { type: this.#schema(metadata['avro.schema']), inflates: this.#inflates(metadata['avro.codec']), sync }
  }

  #schema(json: Uint8Array | undefined): AvroType {
    if (json === undefined) throw this.#headerFault('got a header without avro.schema, expected the schema')
    return schemaFrom(json, { depth: this.#limits.avroDepth, refuse: what => this.#headerFault(what) })
  }

  #inflates(name: Uint8Array | undefined): boolean {
    const codec = name === undefined ? 'null' : decoder.decode(name)
    if (codec !== 'null' && codec !== 'deflate') throw this.#headerFault(`got the codec ${shownText(codec)}, expected null or deflate`)
    return codec === 'deflate'
  }

  #headerFault(what: string): AlertError {
    return this.#source.fault(what, MAGIC.length)
  }

  #block({ type, inflates, sync }: Header, records: unknown[]): void {
    const source = this.#source
    const start = source.at
    const count = Number(source.long())
    if (count < 0) throw source.fault(`got a block of ${count} records, expected 0 or more`, start)
    const data = source.part('a block')
    const marker = source.view(SYNC_BYTES, 'the sync marker')
    if (!isEqual(marker, sync)) {
      throw source.fault(`got ${hex(marker)} after the block, expected the sync marker ${hex(sync)}`, source.at - SYNC_BYTES)
    }
    this.#records(inflates ? this.#inflated(data, start) : data, type, this.#reader.count(source, count), records)
  }

  #records(source: ByteSource, type: AvroType, count: number, records: unknown[]): void {
    this.#place.enter()
    for (let left = count; left > 0; left--) {
      this.#place.at(records.length)
      records.push(this.#reader.read(source, type))
    }
    this.#place.leave()
    if (source.left > 0) throw source.fault(`got ${source.left} bytes more after ${count} records, expected the end of the block`)
  }

  #inflated(data: ByteSource, start: number): ByteSource {
    const bytes = data.view(data.left, 'a block')
    const inflated = inflateRaw(bytes, { most: this.#bytesLeft, what: `not Avro: the block at byte ${start}` })
    this.#bytesLeft -= inflated.length
    return new ByteSource(inflated, this.#place, { origin: `the inflated block at byte ${start}` })
  }
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, index) => byte === b[index])

const hex = (bytes: Uint8Array): string => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(' ')
