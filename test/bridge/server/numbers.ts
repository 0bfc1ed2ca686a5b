/** 0 to count - 1. */
export const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

/** What the bridge says of itself in /metrics; of those without labels. */
export async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(new RegExp(`^igwn_alert_rx_bridge_${name} (\\d+)$`, 'm').exec(text)?.[1])
}
