/** Runs `play` with the same numbers from `Math.random` each time: else a wait with jitter could hide what a counterexample showed. */
export async function withoutChance<T>(play: () => Promise<T>): Promise<T> {
  const { random } = Math
  let state = 1
  // Park and Miller's generator.
  Math.random = () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
  try {
    return await play()
  } finally {
    Math.random = random
  }
}
