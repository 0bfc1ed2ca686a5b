import { serveBridge } from 'igwn-alert-rx/bridge'
import { serving } from './serving.mjs'
import { alertOf, append, appendEnd, bridgeOf, paced } from './source.mjs'

serving(async () => {
  const { bridge, stamps } = await bridgeOf()
  const { url } = await serveBridge(bridge, { port: 0 })
  return {
    port: Number(new URL(url).port),
    burst(from, count) {
      for (let i = 0; i < count; i++) append(alertOf(from + i))
      appendEnd()
    },
    async pace(from, count, rate) {
      stamps.length = 0
      await paced(count, rate, i => append(alertOf(from + i)))
      appendEnd()
      while (stamps.length <= count) await new Promise(resolve => setImmediate(resolve))
      return stamps
    },
  }
})
