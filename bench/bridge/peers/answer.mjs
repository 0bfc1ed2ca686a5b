/** Answers the harness: a message names one of the functions and has what it gets. @param answers by name */
export function answer(answers) {
  process.on('message', async ({ id, name, about }) => {
    try {
      process.send({ id, result: await answers[name](about) })
    } catch (error) {
      process.send({ id, error: error.stack })
    }
  })
  // Nobody outlives the harness.
  process.on('disconnect', () => process.exit(1))
}

/** ms on a clock that all processes of the machine share. */
export const now = () => Number(process.hrtime.bigint()) / 1e6
