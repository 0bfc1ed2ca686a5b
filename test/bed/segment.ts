import { existsSync } from 'node:fs'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { batchesIn, type Damage, damageIn } from './batches.ts'

/** The first segment of a partition in a broker's data directory, if the broker has that partition. */
export function segmentFile(dataDirectory: string, topic: string, partition: number): string | undefined {
  const file = join(dataDirectory, `${topic}-${partition}`, `${'0'.repeat(20)}.log`)
  return existsSync(file) ? file : undefined
}

/** Damages the batch that holds `offset` in a segment file; false if no batch of the file holds it. */
export async function damageSegmentFile(file: string, offset: number, damage: Damage): Promise<boolean> {
  const log = await readFile(file)
  for (const batch of batchesIn(log)) {
    if (offset < batch.baseOffset || offset > batch.lastOffset) continue
    const at = damageIn(log, batch, damage)
    const handle = await open(file, 'r+')
    try {
      await handle.write(log, at, 1, at)
    } finally {
      await handle.close()
    }
    return true
  }
  return false
}
