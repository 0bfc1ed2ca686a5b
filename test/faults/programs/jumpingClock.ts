/*
 * For `node --import`: a wall clock that jumps, by the next of the milliseconds in CLOCK_JUMPS (separated by commas) at each SIGUSR2. Timers and
 * performance.now() know nothing of it, as when an administrator sets the time.
 */
const jumps = (process.env['CLOCK_JUMPS'] ?? '').split(',').map(Number)
const SystemDate = Date
let shift = 0
process.on('SIGUSR2', () => {
  shift += jumps.shift() ?? 0
})

globalThis.Date = new Proxy(SystemDate, {
  construct: (target, args: [], newTarget) => Reflect.construct(target, args.length === 0 ? [target.now() + shift] : args, newTarget),
  apply: target => new target(target.now() + shift).toString(),
  get: (target, name, receiver) => (name === 'now' ? () => target.now() + shift : Reflect.get(target, name, receiver)),
})
