import { expect, it } from 'vitest'
import type { GroupBed } from './bed.ts'
import { all, comesSoon, Member, share } from './member.ts'
import { at, numbered, range } from './observer.ts'

/** Consumer groups. */
export function groupCases(given: () => GroupBed): void {
  it('assigns a lone member everything, with what the group committed', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 3 })
    const group = bed.newGroup()
    await bed.append(topic, 1, numbered('v', 5))
    await bed.commit(group, topic, 1, 3)
    const member = new Member(bed, bed.connect(), { id: group, topics: [topic] })
    await bed.until(() => member.holds.length === 3, 'it was not assigned everything')
    const { partitions, memberId, epoch } = member.last('assigned')!
    expect(epoch).toBeGreaterThan(0)
    expect(await bed.members(group)).toEqual([memberId])
    expect([...partitions].sort((a, b) => a.partition - b.partition).map(({ committed }) => committed)).toEqual([undefined, 3, undefined])
    await bed.until(() => member.positionOf({ topic, partition: 1 }) === 5, 'nothing was read')
    expect(member.offsetsOf({ topic, partition: 1 })).toEqual([3, 4])
  })

  it('ignores start() before and between assignments', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    await bed.append(topic, 0, ['a'])
    const member = new Member(bed, bed.connect(), { id: bed.newGroup(), topics: [topic] })
    member.onEvent = () => {}
    member.reader.start(0, [at(topic, 0, 0)])
    await bed.until(() => member.holds.length === 1, 'it was not assigned')
    member.reader.start(member.epoch + 1, [at(topic, 0, 0)])
    await bed.pass(300)
    expect(member.all('records')).toEqual([])
    member.startAll(member.last('assigned')!)
    await bed.until(() => member.all('records').length === 1, 'it did not start')
  })

  it('commits, and gives back before the group is shared anew', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 4 })
    const group = bed.newGroup()
    for (const partition of range(0, 4)) await bed.append(topic, partition, numbered('v', 10))
    const first = new Member(bed, bed.connect(), { id: group, topics: [topic] })
    await bed.until(() => range(0, 4).every(partition => first.positionOf({ topic, partition }) === 10), 'not all was read')
    await bed.answer(first.reader.commit(first.epoch, [at(topic, 0, 4), at(topic, 1, 5)]))
    expect([await bed.committed(group, topic, 0), await bed.committed(group, topic, 1)]).toEqual([4, 5])

    first.releases = false
    const { epoch } = first
    const second = new Member(bed, bed.connect(), { id: group, topics: [topic] })
    await bed.until(() => first.all('revoked').length === 1, 'nothing was revoked')
    expect(first.last('revoked')).toEqual({ type: 'revoked', epoch, lost: false })
    await bed.append(topic, 0, ['late'])
    await bed.pass(300)
    expect(first.events.slice(first.events.findIndex(({ type }) => type === 'revoked')).filter(({ type }) => type === 'records')).toEqual(
      [],
    )
    expect(second.holds).toEqual([])
    await bed.answer(
      first.reader.commit(
        epoch,
        range(0, 4).map(partition => at(topic, partition, 10)),
      ),
    )
    first.releases = true
    first.reader.release(epoch)
    await bed.until(() => first.holds.length === 2 && second.holds.length === 2, 'it was not shared')
    expect(share(first, second)).toEqual(all(topic, 4))
    for (const { committed } of second.last('assigned')!.partitions) expect(committed).toBe(10)
  })

  it('rejects a commit of an epoch that is over, and leaves the offset as it is', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 2 })
    const group = bed.newGroup()
    const first = new Member(bed, bed.connect(), { id: group, topics: [topic] })
    await bed.until(() => first.holds.length === 2, 'it was not assigned')
    const { epoch } = first
    const second = new Member(bed, bed.connect(), { id: group, topics: [topic] })
    await bed.until(() => first.epoch > epoch && share(first, second).length === 2, 'it was not shared')
    const lost = second.last('assigned')!.partitions[0]!
    await bed.answer(second.reader.commit(second.epoch, [{ ...lost, offset: 9 }]))
    await expect(bed.answer(first.reader.commit(epoch, [{ ...lost, offset: 3 }]))).rejects.toMatchObject({ code: 'ALERT_STALE_EPOCH' })
    await expect(bed.answer(first.reader.commit(first.epoch, [{ ...lost, offset: 3 }]))).rejects.toMatchObject({
      code: 'ALERT_STALE_EPOCH',
    })
    expect(await bed.committed(group, topic, lost.partition)).toBe(9)
  })

  it('waits no longer than revokeTimeout for a member that gives nothing back', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 2 })
    const group = bed.newGroup()
    const first = new Member(bed, bed.connect(), { id: group, topics: [topic] })
    await bed.until(() => first.holds.length === 2, 'it was not assigned')
    first.releases = false
    const second = new Member(bed, bed.connect(), { id: group, topics: [topic] })
    await bed.until(() => first.all('revoked').length === 1, 'nothing was revoked')
    await bed.until(() => share(first, second).length === 2, 'the others still wait')
    expect([first.holds.length, second.holds.length]).toEqual([1, 1])
  })

  it('keeps its membership while it is paused for three session timeouts', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const group = bed.newGroup()
    const of = { topic, partition: 0 }
    const member = new Member(bed, bed.connect(), { id: group, topics: [topic] })
    await bed.until(() => member.holds.length === 1, 'it was not assigned')
    const { memberId } = member.last('assigned')!
    member.reader.pause([of])
    await bed.append(topic, 0, ['a'])
    await bed.pass(3 * bed.sessionTimeout)
    expect(member.all('records')).toEqual([])
    expect(member.events.filter(({ type }) => type !== 'alive')).toHaveLength(1)
    expect(await bed.members(group)).toEqual([memberId])
    member.reader.resume([of])
    await bed.until(() => member.positionOf(of) === 1, 'it did not go on')
    await bed.answer(member.reader.commit(member.epoch, [at(topic, 0, 1)]))
    expect(await bed.committed(group, topic, 0)).toBe(1)
  })

  it('hands its member id to a successor, who goes on at once', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const group = bed.newGroup()
    const transport = bed.connect()
    const broken = new Member(bed, transport, { id: group, topics: [topic] })
    await bed.until(() => broken.holds.length === 1, 'it was not assigned')
    await bed.answer(broken.reader.commit(broken.epoch, [at(topic, 0, 0)]))
    const { memberId } = broken.last('assigned')!
    await bed.isolate()
    await bed.until(() => broken.all('ended').length === 1, 'it did not end')
    expect(broken.last('ended')).toMatchObject({ memberId, error: { code: expect.any(String) } })
    await bed.reconnect()
    expect(await bed.members(group)).toEqual([memberId])
    const successor = new Member(bed, transport, { id: group, topics: [topic], memberId })
    expect(await comesSoon(bed, () => successor.holds.length > 0)).toBe(true)
    expect(successor.last('assigned')!.memberId).toBe(memberId)
    expect(successor.last('assigned')!.partitions[0]!.committed).toBe(0)
  })

  it('keeps its place in the group when it is closed without time to leave', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const group = bed.newGroup()
    const transport = bed.connect()
    const first = new Member(bed, transport, { id: group, topics: [topic] })
    await bed.until(() => first.holds.length === 1, 'it was not assigned')
    const { memberId } = first.last('assigned')!
    await bed.answer(first.reader.close(0))
    expect(first.events.at(-1)).toEqual({ type: 'ended' })
    expect(await bed.members(group)).toEqual([memberId])
    const successor = new Member(bed, transport, { id: group, topics: [topic], memberId })
    expect(await comesSoon(bed, () => successor.holds.length > 0)).toBe(true)
    expect(successor.last('assigned')!.memberId).toBe(memberId)
  })

  it('does not take what it may not read for "nothing is committed", and tells what is as soon as it may', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 2 })
    const group = bed.newGroup()
    for (const partition of [0, 1]) {
      await bed.append(topic, partition, numbered('v', 5))
      await bed.commit(group, topic, partition, 3)
    }
    const transport = bed.connect()
    const leader = new Member(bed, transport, { id: group, topics: [topic] })
    await bed.until(() => leader.holds.length === 2, 'it was not assigned')
    const first = new Member(bed, transport, { id: group, topics: [topic] })
    await bed.until(() => leader.holds.length === 1 && first.holds.length === 1, 'it was not shared')
    const { memberId } = first.last('assigned')!
    await bed.answer(first.reader.close(0))
    await bed.forbid(topic)
    const second = new Member(bed, transport, { id: group, topics: [topic], memberId })
    await bed.until(() => second.holds.length === 1, 'it did not take the place')
    const { epoch, partitions } = second.last('assigned')!
    const { partition } = first.last('assigned')!.partitions[0]!
    expect(partitions).toEqual([{ topic, partition, fault: expect.objectContaining({ code: 'ALERT_TOPIC_FORBIDDEN' }) }])
    await bed.pass(2500)
    expect(second.epoch).toBe(epoch)
    await bed.allow(topic)
    await bed.until(() => second.epoch > epoch, 'it was not told')
    expect(second.all('revoked')).toEqual([{ type: 'revoked', epoch, lost: false }])
    expect(second.last('assigned')).toMatchObject({ memberId })
    expect(second.last('assigned')!.partitions).toEqual([{ topic, partition, committed: 3 }])
    await bed.until(() => second.positionOf({ topic, partition }) === 5, 'nothing was read')
    expect(second.offsetsOf({ topic, partition })).toEqual([3, 4])
    expect(await bed.committed(group, topic, partition)).toBe(3)
  })

  it('joins anew under a member id that is over', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const group = bed.newGroup()
    const member = new Member(bed, bed.connect(), { id: group, topics: [topic], memberId: 'long-gone' })
    await bed.until(() => member.holds.length === 1, 'it was not assigned')
    expect(member.last('assigned')!.memberId).not.toBe('long-gone')
  })

  it('says that it is too late when its session has ended, and joins again', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const group = bed.newGroup()
    const member = new Member(bed, bed.connect(), { id: group, topics: [topic] })
    await bed.until(() => member.holds.length === 1, 'it was not assigned')
    const { epoch, memberId } = member.last('assigned')!
    await bed.expire(group, memberId)
    await bed.until(() => member.epoch > epoch, 'it did not join again')
    expect(member.all('revoked')).toEqual([{ type: 'revoked', epoch, lost: true }])
    expect(member.last('assigned')!.memberId).not.toBe(memberId)
    await expect(bed.answer(member.reader.commit(epoch, [at(topic, 0, 1)]))).rejects.toMatchObject({ code: 'ALERT_STALE_EPOCH' })
    expect(await bed.committed(group, topic, 0)).toBeUndefined()
  })

  it('shares each topic among those alone who subscribe to it', async () => {
    const bed = given()
    const [one, two] = [await bed.createTopic({ partitions: 2 }), await bed.createTopic({ partitions: 2 })]
    const group = bed.newGroup()
    const first = new Member(bed, bed.connect(), { id: group, topics: [one] })
    const second = new Member(bed, bed.connect(), { id: group, topics: [two] })
    const both = new Member(bed, bed.connect(), { id: group, topics: [one, two] })
    const everything = [...all(one, 2), ...all(two, 2)].sort()
    await bed.until(() => share(first, second, both).join() === everything.join() && both.holds.length > 0, 'not everything is read once')
    expect(first.holds.every(name => name.startsWith(`${one}[`))).toBe(true)
    expect(second.holds.every(name => name.startsWith(`${two}[`))).toBe(true)
  })

  it('follows a subscription that changes while it is joined', async () => {
    const bed = given()
    const [one, two] = [await bed.createTopic(), await bed.createTopic()]
    const member = new Member(bed, bed.connect(), { id: bed.newGroup(), topics: [one] })
    await bed.until(() => member.holds.join() === `${one}[0]`, 'it was not assigned')
    member.reader.subscribe([one, two])
    await bed.until(() => share(member).join() === [`${one}[0]`, `${two}[0]`].sort().join(), 'the new topic was not assigned')
    expect(member.all('revoked')).toMatchObject([{ lost: false }])
    member.reader.subscribe([two, one])
    await bed.pass(500)
    expect(member.all('revoked')).toHaveLength(1)
    member.reader.subscribe([two])
    await bed.until(() => member.holds.join() === `${two}[0]`, 'the old topic was not given up')
  })

  it('notices new partitions', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const group = bed.newGroup()
    const member = new Member(bed, bed.connect(), { id: group, topics: [topic] })
    await bed.until(() => member.holds.length === 1, 'it was not assigned')
    await bed.addPartitions(topic, 3)
    await bed.until(() => member.holds.length === 3, 'the new partitions were not assigned')
    expect(member.holds).toEqual(all(topic, 3))
  })

  it('gives its partitions to the others when it leaves', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 2 })
    const group = bed.newGroup()
    const first = new Member(bed, bed.connect(), { id: group, topics: [topic] })
    const second = new Member(bed, bed.connect(), { id: group, topics: [topic] })
    await bed.until(() => first.holds.length === 1 && second.holds.length === 1, 'it was not shared')
    await bed.answer(first.reader.close(2000))
    expect(first.events.at(-1)).toEqual({ type: 'ended' })
    expect(await comesSoon(bed, () => second.holds.length === 2)).toBe(true)
    expect(await bed.members(group)).toEqual([second.last('assigned')!.memberId])
  })

  it('gives a process that starts again with its instanceId its place, and nobody else is disturbed', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 2 })
    const group = bed.newGroup()
    const first = new Member(bed, bed.connect(), { id: group, topics: [topic], instanceId: 'first' })
    const second = new Member(bed, bed.connect(), { id: group, topics: [topic], instanceId: 'second' })
    await bed.until(() => first.holds.length === 1 && second.holds.length === 1, 'it was not shared')
    const revocations = second.all('revoked').length
    await bed.answer(first.reader.close(2000))
    const again = new Member(bed, bed.connect(), { id: group, topics: [topic], instanceId: 'first' })
    await bed.until(() => again.holds.length === 1, 'it did not get its place')
    expect(again.holds).toEqual(first.last('assigned')!.partitions.map(({ topic, partition }) => `${topic}[${partition}]`))
    await bed.pass(500)
    expect(second.all('revoked')).toHaveLength(revocations)
  })

  it('ends a reader whose instanceId another process took', async () => {
    const bed = given()
    const topic = await bed.createTopic()
    const group = bed.newGroup()
    const first = new Member(bed, bed.connect(), { id: group, topics: [topic], instanceId: 'only' })
    await bed.until(() => first.holds.length === 1, 'it was not assigned')
    const second = new Member(bed, bed.connect(), { id: group, topics: [topic], instanceId: 'only' })
    await bed.until(() => first.all('ended').length === 1, 'the first was not fenced')
    expect(first.last('ended')!.error?.code).toBe('ALERT_GROUP_FENCED')
    await bed.until(() => second.holds.length === 1, 'the second was not assigned')
  })

  it('leaves no member and says nothing after close() at twenty moments', async () => {
    const bed = given()
    const topic = await bed.createTopic({ partitions: 2 })
    const group = bed.newGroup()
    const transport = bed.connect()
    const stays = new Member(bed, transport, { id: group, topics: [topic] })
    await bed.until(() => stays.holds.length === 2, 'it was not assigned')
    const closed: { member: Member; length: number }[] = []
    for (let moment = 0; moment < 20; moment++) {
      const member = new Member(bed, transport, { id: group, topics: [topic] })
      await bed.pass(moment * 10)
      await bed.answer(member.reader.close(2000))
      closed.push({ member, length: member.events.length })
    }
    expect(await comesSoon(bed, () => stays.holds.length === 2)).toBe(true)
    await bed.pass(300)
    expect(stays.holds).toHaveLength(2)
    for (const { member, length } of closed) {
      expect(member.events.slice(length)).toEqual([])
      expect(member.all('ended')).toEqual([{ type: 'ended' }])
    }
    expect(await bed.members(group)).toEqual([stays.last('assigned')!.memberId])
  })
}
