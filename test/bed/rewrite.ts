import { type BatchPlace, batchesIn, type Damage, damageIn } from './batches.ts'
import type { OnResponse, ProxiedAnswer } from './proxy.ts'
import { ApiKey, WireReader, WireWriter } from './wire.ts'

/**
 * Replaces broker addresses ('host:port' to 'host:port') in the answers that name brokers: Metadata and FindCoordinator. Addresses that
 * are not in the map stay. Answers of newer clients name them elsewhere too (Produce 10, Fetch 16): use a bed's `proxied` listener there.
 */
export function rewriteAddresses(map: Readonly<Record<string, string>>): OnResponse {
  return answer => {
    if (answer.apiKey === ApiKey.Metadata) return rewriteMetadata(answer, map)
    if (answer.apiKey === ApiKey.FindCoordinator) return rewriteCoordinator(answer, map)
    return undefined
  }
}

/** Hands each answer through several hooks, one after the other. */
export function chain(...hooks: readonly OnResponse[]): OnResponse {
  return async answer => {
    let { frame } = answer
    for (const hook of hooks) frame = (await hook({ ...answer, frame })) ?? frame
    return frame
  }
}

/** Damages the batch that holds `offset` of a partition in answers to Fetch, versions 4 to 11, as often as it is read. */
export function damageFetched(topic: string, partition: number, offset: number, damage: Damage = 'record'): OnResponse {
  return ({ apiKey, apiVersion, frame }) => {
    if (apiKey !== ApiKey.Fetch) return undefined
    const copy = Buffer.from(frame)
    for (const fetched of fetchedRecords(copy, apiVersion)) {
      if (fetched.topic !== topic || fetched.partition !== partition) continue
      for (const batch of batchesIn(fetched.records)) if (holds(batch, offset)) damageIn(fetched.records, batch, damage)
    }
    return copy
  }
}

function holds({ baseOffset, lastOffset }: BatchPlace, offset: number): boolean {
  return baseOffset <= offset && offset <= lastOffset
}

/** The records of each partition in an answer to Fetch, versions 4 to 11: views of the frame. */
export function fetchedRecords(frame: Buffer, apiVersion: number): { topic: string; partition: number; records: Buffer }[] {
  if (apiVersion < 4 || apiVersion > 11) throw new Error(`Fetch version ${apiVersion} cannot be read here, only 4 to 11`)
  const reader = new WireReader(frame, 8) // after correlation id and throttle time
  if (apiVersion >= 7) reader.bytes(6) // error, session
  return reader.array(() => readFetchedTopic(reader, apiVersion)).flat()
}

function readFetchedTopic(reader: WireReader, apiVersion: number) {
  const topic = reader.string() ?? ''
  return reader.array(() => {
    const partition = reader.int32()
    reader.bytes(2 + 8 + 8) // error, high watermark, last stable offset
    if (apiVersion >= 5) reader.int64() // start of the log
    reader.array(() => reader.bytes(16)) // aborted transactions
    if (apiVersion >= 11) reader.int32() // preferred replica
    return { topic, partition, records: reader.bytes(Math.max(0, reader.int32())) }
  })
}

function rewriteMetadata({ frame, apiVersion }: ProxiedAnswer, map: Readonly<Record<string, string>>): Buffer {
  const flexible = apiVersion >= 9
  const reader = new WireReader(frame, 4)
  if (flexible) reader.skipTags()
  if (apiVersion >= 3) reader.int32() // throttle time
  const writer = new WireWriter().raw(frame.subarray(0, reader.position))
  const count = reader.arrayLength(flexible)
  if (flexible) writer.varint(count + 1)
  else writer.int32(count)
  for (let n = 0; n < count; n++) {
    writer.int32(reader.int32())
    copyAddress(reader, writer, map, flexible)
    const from = reader.position
    if (apiVersion >= 1) reader.string(flexible) // rack
    if (flexible) reader.skipTags()
    writer.raw(frame.subarray(from, reader.position))
  }
  return writer.raw(reader.rest()).build()
}

function rewriteCoordinator({ frame, apiVersion }: ProxiedAnswer, map: Readonly<Record<string, string>>): Buffer {
  const flexible = apiVersion >= 3
  const reader = new WireReader(frame, 4)
  if (flexible) reader.skipTags()
  if (apiVersion >= 1) reader.int32() // throttle time
  const count = apiVersion >= 4 ? reader.arrayLength(true) : 1
  const writer = new WireWriter().raw(frame.subarray(0, reader.position))
  for (let n = 0; n < count; n++) {
    const from = reader.position
    if (apiVersion >= 4)
      reader.string(true) // key
    else reader.int16() // error
    if (apiVersion >= 1 && apiVersion <= 3) reader.string(flexible) // message
    reader.int32() // node
    writer.raw(frame.subarray(from, reader.position))
    copyAddress(reader, writer, map, flexible)
    const after = reader.position
    if (apiVersion >= 4) {
      reader.int16() // error
      reader.string(true) // message
      reader.skipTags()
    }
    writer.raw(frame.subarray(after, reader.position))
  }
  return writer.raw(reader.rest()).build()
}

function copyAddress(reader: WireReader, writer: WireWriter, map: Readonly<Record<string, string>>, flexible: boolean): void {
  const address = `${reader.string(flexible)}:${reader.int32()}`
  const [, host, port] = /^(.*):(-?\d+)$/.exec(map[address] ?? address)!
  writer.string(host!, flexible).int32(Number(port))
}
