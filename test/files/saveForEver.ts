// Saves positions 1, 2, 3 ... in a tight loop and says each that is saved, until it is killed.
import { fileStore } from '../../src/files/fileStore.ts'
import { cursorAt, offsetIn } from './cursors.ts'

const store = fileStore(process.argv[2]!)
const before = await store.load()
for (let offset = before === undefined ? 1 : offsetIn(before) + 1; ; offset++) {
  await store.save(cursorAt(offset))
  process.stdout.write(`${offset}\n`)
}
