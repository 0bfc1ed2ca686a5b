import type { AlertError } from '../../errors.ts'
import type { Limits } from '../../limits.ts'
import { setOwn } from '../objects.ts'
import type { ByteSource } from './ByteSource.ts'
import type { Place } from './place.ts'
import type { AvroRecord, AvroType } from './schema.ts'

export interface ValueReaderOptions {
  readonly limits: Pick<Limits, 'avroItems' | 'avroDepth'>
  /** Integers that a number cannot hold become bigints. */
  readonly bigints: boolean
}

/** Reads the values of one file: its bounds are on all of them together. */
export class ValueReader {
  readonly #place: Place
  readonly #options: ValueReaderOptions
  /** How many more values may be read. */
  #left: number
  #depth = 0

  constructor(place: Place, options: ValueReaderOptions) {
    this.#place = place
    this.#options = options
    this.#left = options.limits.avroItems
  }

  read(source: ByteSource, type: AvroType): unknown {
    if (--this.#left < 0) throw this.#tooMany(source)
    switch (type.kind) {
      case 'null':
        return null
      case 'boolean':
        return source.boolean()
      case 'int':
      case 'long':
        return this.#integer(source)
      case 'float':
        return source.float()
      case 'double':
        return source.double()
      case 'string':
        return source.string()
      case 'bytes':
        return copied(source.bytes('bytes'))
      case 'fixed':
        return copied(source.view(type.size, 'a fixed type'))
      case 'enum':
        return this.#choice(source, type.symbols, 'symbols of an enum')
      case 'array':
        return this.#array(source, type.items)
      case 'map':
        return this.#map(source, type.values)
      case 'record':
        return this.#record(source, type)
      case 'union':
        return this.read(source, this.#choice(source, type.branches, 'branches of a union'))
    }
  }

  /** A count of values, of no more than may still be read. */
  count(source: ByteSource, count: number): number {
    if (count > this.#left) throw this.#tooMany(source, `${count} more values`)
    return count
  }

  #integer(source: ByteSource): number | bigint {
    const value = source.long()
    return this.#options.bigints ? value : Number(value)
  }

  #choice<T>(source: ByteSource, all: readonly T[], what: string): T {
    const start = source.at
    const index = Number(source.long())
    const chosen = all[index]
    if (chosen === undefined)
      throw source.fault(`got the number ${index}, expected one of the ${all.length} ${what}, counted from 0`, start)
    return chosen
  }

  #record(source: ByteSource, { fields }: AvroRecord): Record<string, unknown> {
    const record: Record<string, unknown> = {}
    this.#enter(source)
    for (const { name, type } of fields) {
      this.#place.at(name)
      setOwn(record, name, this.read(source, type))
    }
    this.#leave()
    return record
  }

  #map(source: ByteSource, values: AvroType): Record<string, unknown> {
    const map: Record<string, unknown> = {}
    this.#blocks(source, () => {
      const key = source.string('a key')
      this.#place.at(key)
      setOwn(map, key, this.read(source, values))
    })
    return map
  }

  #array(source: ByteSource, items: AvroType): unknown[] {
    const array: unknown[] = []
    this.#blocks(source, () => {
      this.#place.at(array.length)
      array.push(this.read(source, items))
    })
    return array
  }

  /** Arrays and maps come in blocks, up to one of none; a count below 0 is followed by the block's size. */
  #blocks(source: ByteSource, readOne: () => void): void {
    this.#enter(source)
    for (let count = Number(source.long()); count !== 0; count = Number(source.long())) {
      const end = count < 0 ? source.size('a block') + source.at : undefined
      for (let left = this.count(source, Math.abs(count)); left > 0; left--) readOne()
      if (end !== undefined && source.at !== end) throw source.fault(`got a block that ends here, expected its end at byte ${end}`)
    }
    this.#leave()
  }

  #enter(source: ByteSource): void {
    const { avroDepth } = this.#options.limits
    if (++this.#depth > avroDepth) throw source.excess(`values nest deeper than limits.avroDepth, ${avroDepth}`)
    this.#place.enter()
  }

  #leave(): void {
    this.#depth--
    this.#place.leave()
  }

  #tooMany(source: ByteSource, got = 'more values'): AlertError {
    return source.excess(`got ${got}, expected at most limits.avroItems, ${this.#options.limits.avroItems}, in all`)
  }
}

const NO_BYTES = new Uint8Array(0)

/** Not a view, which `slice` of Node's Buffer would be: what is kept of a payload must not keep all of it. */
const copied = (bytes: Uint8Array): Uint8Array => (bytes.length === 0 ? NO_BYTES : new Uint8Array(bytes))
