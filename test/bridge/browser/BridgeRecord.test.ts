import { firstValueFrom } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { fromBridge } from '../../../src/browser.ts'
import { mapPayload } from '../../../src/operators.ts'
import { serve, TOPIC } from '../serve.ts'

const record = async () => {
  const { url, append } = await serve()
  append({ uid: 'S1' })
  return { url, record: await firstValueFrom(fromBridge(url, { from: 'earliest' })) }
}
const PLACE = { fullTopic: TOPIC, topic: 'superevent', group: 'gracedb', partition: 0, offset: 0, isTest: false }

describe('a record from a bridge is plain data', () => {
  it('that is whole when it is copied, also by operators', async () => {
    const { url, record: got } = await record()
    expect({ ...got }).toMatchObject({ ...PLACE, payload: { uid: 'S1' } })
    expect(structuredClone({ ...got, toJSON: undefined })).toMatchObject(PLACE)
    expect(await firstValueFrom(fromBridge<{ uid: string }>(url, { from: 'earliest' }).pipe(mapPayload(({ uid }) => uid)))).toMatchObject({
      ...PLACE,
      payload: 'S1',
    })
  })

  it("that is whole behind a proxy, as Vue's ref() puts around it", async () => {
    const { record: got } = await record()
    const proxy = new Proxy(got, { get: (target, name, receiver) => Reflect.get(target, name, receiver) })
    expect(proxy.offset).toBe(0)
    expect(proxy.toJSON()).toEqual(got.toJSON())
  })
})
