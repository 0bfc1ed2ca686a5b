import { BridgeRecord, type BridgeStatus, type FromBridgeOptions, fromBridge } from '../../../src/browser.ts'
import type { RecordJson } from '../../../src/record.ts'

/** What a test reads, and does, from outside. */
const lab = {
  records: [] as RecordJson[],
  statuses: [] as BridgeStatus[],
  errors: [] as string[],

  listen(options: FromBridgeOptions = {}): void {
    const stream = fromBridge('/alerts', options)
    stream.status$.subscribe(status => lab.statuses.push(status))
    stream.subscribe({ next: record => lab.records.push(record.toJSON()), error: error => lab.errors.push(String(error)) })
  },

  /** The same program, in a worker that sends what it reads. */
  listenInWorker(options: FromBridgeOptions = {}): void {
    const worker = new Worker(new URL('./lab.js', import.meta.url), { type: 'module' })
    worker.onmessage = ({ data }: MessageEvent<RecordJson>) => lab.records.push(data)
    worker.onerror = ({ message }) => lab.errors.push(message)
    worker.postMessage(options)
  },

  /** As docs/bridge.md says it for those who do without fromBridge: what is known already is dropped. */
  listenByEventSource(from: string): void {
    const next = new Map<number, number>()
    const source = new EventSource(`/alerts/stream?topics=superevent&from=${from}`)
    source.addEventListener('record', ({ data }) => {
      const record = new BridgeRecord(JSON.parse(data))
      if (record.offset < (next.get(record.partition) ?? 0)) return
      next.set(record.partition, record.offset + 1)
      lab.records.push(record.toJSON())
    })
  },
}

Object.assign(globalThis, { lab })

if (typeof document === 'undefined') {
  addEventListener('message', ({ data }: MessageEvent<FromBridgeOptions>) => {
    fromBridge('/alerts', data).subscribe(record => postMessage(record.toJSON()))
  })
}
