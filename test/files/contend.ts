// For each path that it reads it tries to take the lock there several times at once, and says how often it got it. It holds on until it is killed.
import { createInterface } from 'node:readline'
import { FileLock } from '../../src/files/FileLock.ts'

process.stdout.write('ready\n')
for await (const path of createInterface({ input: process.stdin })) {
  const held = await Promise.allSettled([1, 2, 3].map(() => new FileLock(path, 'It').hold()))
  for (const one of held) if (one.status === 'rejected' && one.reason.code !== 'ALERT_SHARED') throw one.reason
  process.stdout.write(`${held.filter(({ status }) => status === 'fulfilled').length}\n`)
}
