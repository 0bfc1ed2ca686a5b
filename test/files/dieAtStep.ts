// Takes a lock, and is killed as with kill -9 just before its n-th step in the file system.
import fs, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const [path, last] = process.argv.slice(2)
let steps = 0
const step = (): void => {
  if (++steps === Number(last)) process.kill(process.pid, 'SIGKILL')
}

const stepwise =
  <A extends unknown[], R>(call: (...args: A) => R) =>
  (...args: A): R => {
    step()
    return call(...args)
  }

const { link, open, readdir, rename, rm } = fs
Object.assign(fs, {
  link: stepwise(link),
  readdir: stepwise((folder: string) => readdir(folder)),
  rename: stepwise(rename),
  rm: stepwise(rm),
  open: stepwise(async (...args: Parameters<typeof open>) => halved(await open(...args))),
})
syncBuiltinESMExports()

/** Between its opening, each half of what is written, and its flushing there is a step. */
function halved(file: FileHandle): FileHandle {
  const { sync } = file
  return Object.assign(file, {
    writeFile: async (text: string) => {
      step()
      await file.write(text.slice(0, 9))
      step()
      await file.write(text.slice(9))
    },
    sync: stepwise(() => sync.call(file)),
  })
}

const { FileLock } = await import('../../src/files/FileLock.ts')
await new FileLock(path!, 'It').hold()
