import type { Message } from '../../transports/kafka/apis.ts'
import { WireReader } from '../../transports/kafka/wire.ts'
import { Body } from './Body.ts'

export interface GroupDescription {
  readonly errorCode: number
  /** Empty, Stable, PreparingRebalance, CompletingRebalance, Dead: there is no such group. */
  readonly state: string
  /** How its members share partitions: the assigner's name; empty while it has none. */
  readonly assigner: string
  readonly members: number
  /** What this user may do with it, a bit for each of Kafka's operations. */
  readonly rights: number
}

/** DescribeGroups, version 3: a group, and this user's rights to it. */
export const describeGroup = (id: string): Message<GroupDescription | undefined> => ({
  request: { apiKey: 15, apiVersion: 3, apiName: 'DescribeGroups', encode: () => ({ buffer: encode(id) }) },
  response: { decode, parse: group => group },
})

const WITH_RIGHTS = 1

const encode = (id: string): Buffer => {
  const body = new Body()
  return body
    .array([id], each => body.string(each))
    .int8(WITH_RIGHTS)
    .bytes()
}

function decode(payload: Buffer): GroupDescription | undefined {
  const wire = new WireReader(payload)
  wire.int32() // throttle time
  const [group] = wire.array(() => {
    const errorCode = wire.int16()
    wire.string() // its id
    const state = wire.string()
    wire.string() // kind of the protocol
    const assigner = wire.string()
    const members = wire.array(() => {
      for (const _ of ['member id', 'client id', 'host']) wire.string()
      for (const _ of ['subscription', 'assignment']) wire.bytes(wire.int32())
    })
    return { errorCode, state, assigner, members: members.length, rights: wire.int32() }
  })
  return group
}
