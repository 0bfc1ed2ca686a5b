import { open } from 'node:fs/promises'

/** Writes a file, and waits until it is on the disk. */
export async function writeFlushed(path: string, text: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}
