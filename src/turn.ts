interface Host {
  readonly setImmediate?: (fn: () => void) => unknown
  readonly MessageChannel?: new () => { readonly port1: Port; readonly port2: Port }
}
interface Port {
  onmessage: (() => void) | null
  postMessage(message: null): void
  close(): void
}

/** Runs `fn` when the event loop has had its turn: sockets are read, timers fire. A page has no setImmediate, and its setTimeout waits 4 ms. */
export const nextTurn: (fn: () => void) => void = (() => {
  const host: object = globalThis
  const { setImmediate, MessageChannel } = host as Host
  if (setImmediate) return fn => void setImmediate(fn)
  if (!MessageChannel) return fn => void setTimeout(fn, 0)
  return fn => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => {
      port1.close()
      fn()
    }
    port2.postMessage(null)
  }
})()
