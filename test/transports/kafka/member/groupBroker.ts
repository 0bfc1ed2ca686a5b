import { WireWriter } from '../../../bed/wire.ts'
import type { FakeAnswer, FakeRequest } from '../fakeBroker.ts'
import { ReadBroker } from '../readBroker.ts'

type GroupApi = 'OffsetCommit' | 'OffsetFetch' | 'GroupCoordinator' | 'JoinGroup' | 'Heartbeat' | 'LeaveGroup' | 'SyncGroup'

const API_NAMES: Readonly<Record<number, GroupApi>> = {
  8: 'OffsetCommit',
  9: 'OffsetFetch',
  10: 'GroupCoordinator',
  11: 'JoinGroup',
  12: 'Heartbeat',
  13: 'LeaveGroup',
  14: 'SyncGroup',
}

export interface JoinAsked {
  readonly sessionTimeout: number
  readonly rebalanceTimeout: number
  readonly protocols: readonly string[]
  readonly metadata: Buffer
}

export interface GroupRequest {
  readonly api: GroupApi
  readonly connection: number
  readonly memberId?: string | undefined
  readonly instanceId?: string | null | undefined
  readonly generation?: number | undefined
  readonly join?: JoinAsked | undefined
  /** Of the leader's sync: what each member gets. */
  readonly shares?: ReadonlyMap<string, Buffer> | undefined
  /** Of a commit, a fetch of offsets: `topic[partition]`, and `@offset` of a commit. */
  readonly places?: readonly string[] | undefined
}

/** What is answered instead: a code, nothing at all, or the connection is cut. */
export type Fault = number | 'silence' | 'cut'

/** A broker that coordinates one group of one member as Kafka does, but for what a test has go wrong. */
export class GroupBroker {
  readonly reading: ReadBroker
  readonly requests: GroupRequest[] = []
  /** Called before it is answered. */
  onRequest: (request: GroupRequest) => void = () => {}
  /** Of the next requests of that kind, in order. */
  readonly #faults = new Map<GroupApi, Fault[]>()
  readonly committed = new Map<string, number>()
  /** Codes of the next answers, beside each partition. */
  readonly offsetCodes: number[] = []
  /** Who coordinates; this broker by default. */
  coordinator: string | undefined
  generation = 0
  memberId = ''
  /** Who shares out; the member itself by default. */
  leader: string | undefined
  members: readonly { readonly memberId: string; readonly metadata: Buffer }[] | undefined
  /** What a follower is given. */
  assignment: Buffer = Buffer.alloc(0)
  #ids = 0
  /** Connections that have been silent: answers come in the order of the questions. */
  readonly #silent = new Set<number>()

  static async start(): Promise<GroupBroker> {
    const reading = await ReadBroker.start()
    const made = new GroupBroker(reading)
    const answer = reading.broker.answer
    reading.broker.answer = request => (API_NAMES[request.apiKey] ? made.#answer(request) : answer(request))
    return made
  }

  private constructor(reading: ReadBroker) {
    this.reading = reading
  }

  get address(): string {
    return this.reading.address
  }

  fail(api: GroupApi, ...faults: readonly Fault[]): void {
    this.#faults.set(api, [...(this.#faults.get(api) ?? []), ...faults])
  }

  of(api: GroupApi): GroupRequest[] {
    return this.requests.filter(request => request.api === api)
  }

  close(): void {
    this.reading.broker.close()
  }

  #answer(request: FakeRequest): FakeAnswer {
    const api = API_NAMES[request.apiKey]!
    const asked = read(api, request)
    this.requests.push(asked)
    this.onRequest(asked)
    if (this.#silent.has(request.connection)) return undefined
    const fault = this.#faults.get(api)?.shift() ?? 0
    if (fault === 'cut') request.socket.destroy()
    if (fault === 'silence') this.#silent.add(request.connection)
    if (typeof fault !== 'number') return undefined
    switch (api) {
      case 'GroupCoordinator': {
        const [host, port] = (this.coordinator ?? this.address).split(':') as [string, string]
        return new WireWriter().int32(0).int16(fault).string(null).int32(1).string(host).int32(Number(port)).build()
      }
      case 'JoinGroup':
        return this.#join(asked, fault)
      case 'SyncGroup':
        return this.#sync(asked, fault)
      case 'Heartbeat':
        return new WireWriter()
          .int32(0)
          .int16(fault || this.#codeOf(asked))
          .build()
      case 'LeaveGroup':
        if (asked.memberId === this.memberId) this.memberId = ''
        return new WireWriter().int32(0).int16(fault).int32(0).build()
      case 'OffsetCommit':
        return this.#places(asked, place => {
          const [key, offset] = place.split('@') as [string, string]
          const code = fault || this.offsetCodes.shift() || this.#codeOf(asked)
          if (code === 0) this.committed.set(key, Number(offset))
          return new WireWriter().int16(code).build()
        })
      case 'OffsetFetch': {
        const found = this.#places(asked, place => {
          const code = this.offsetCodes.shift() ?? 0
          const offset = code === 0 ? (this.committed.get(place) ?? -1) : -1
          return new WireWriter().int64(offset).string(null).int16(code).build()
        })
        return Buffer.concat([found, new WireWriter().int16(fault).build()])
      }
    }
  }

  #codeOf({ memberId, generation }: GroupRequest): number {
    if (memberId !== this.memberId) return 25
    return generation === this.generation ? 0 : 22
  }

  #join({ memberId, instanceId, join }: GroupRequest, fault: number): Buffer {
    const answer = (code: number, id: string) => {
      const writer = new WireWriter()
        .int32(0)
        .int16(code)
        .int32(code === 0 ? this.generation : -1)
        .string('range')
      const leader = this.leader ?? id
      writer.string(leader).string(id)
      const members = code === 0 && leader === id ? (this.members ?? [{ memberId: id, metadata: join!.metadata }]) : []
      writer.int32(members.length)
      for (const member of members) writer.string(member.memberId).string(null).int32(member.metadata.length).raw(member.metadata)
      return writer.build()
    }
    if (fault !== 0) return answer(fault, memberId ?? '')
    if (memberId === '' && !instanceId) {
      this.memberId = `member-${++this.#ids}`
      return answer(79, this.memberId)
    }
    if (memberId === '') this.memberId = `${instanceId}-${++this.#ids}`
    else if (memberId !== this.memberId) return answer(25, '')
    this.generation++
    return answer(0, this.memberId)
  }

  #sync({ memberId, shares }: GroupRequest, fault: number): Buffer {
    const share = this.leader === undefined ? (shares?.get(memberId!) ?? Buffer.alloc(0)) : this.assignment
    return new WireWriter().int32(0).int16(fault).int32(share.length).raw(share).build()
  }

  #places({ places = [] }: GroupRequest, one: (place: string) => Buffer): Buffer {
    const writer = new WireWriter().int32(0).int32(places.length)
    for (const place of places) {
      const [, topic, partition] = /^(.*)\[(\d+)\]/.exec(place)!
      writer.string(topic!).int32(1).int32(Number(partition)).raw(one(place))
    }
    return writer.build()
  }
}

function read(api: GroupApi, { body, connection }: FakeRequest): GroupRequest {
  const places = () =>
    body
      .array(() => {
        const topic = body.string()
        return body.array(() => {
          const place = `${topic}[${body.int32()}]`
          if (api === 'OffsetFetch') return place
          const offset = body.int64()
          body.string()
          return `${place}@${offset}`
        })
      })
      .flat()
  const bytes = () => body.bytes(body.int32())
  body.string() // group
  switch (api) {
    case 'GroupCoordinator':
      return { api, connection }
    case 'JoinGroup': {
      const [sessionTimeout, rebalanceTimeout, memberId, instanceId] = [body.int32(), body.int32(), body.string()!, body.string()]
      body.string()
      const protocols = body.array(() => ({ name: body.string()!, metadata: bytes() }))
      const join = { sessionTimeout, rebalanceTimeout, protocols: protocols.map(({ name }) => name), metadata: protocols[0]!.metadata }
      return { api, connection, memberId, instanceId, join }
    }
    case 'SyncGroup': {
      const [generation, memberId, instanceId] = [body.int32(), body.string()!, body.string()]
      const shares = new Map(body.array(() => [body.string()!, bytes()] as const))
      return { api, connection, generation, memberId, instanceId, shares }
    }
    case 'Heartbeat':
      return { api, connection, generation: body.int32(), memberId: body.string()!, instanceId: body.string() }
    case 'LeaveGroup': {
      const [member] = body.array(() => ({ memberId: body.string()!, instanceId: body.string() }))
      return { api, connection, ...member }
    }
    case 'OffsetCommit':
      return { api, connection, generation: body.int32(), memberId: body.string()!, places: places() }
    case 'OffsetFetch':
      return { api, connection, places: places() }
  }
}
