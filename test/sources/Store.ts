import { Cursor } from '../../src/cursor.ts'
import type { CheckpointStore } from '../../src/sources/Checkpoint.ts'

/** A store that a test looks into, and breaks. */
export class Store implements CheckpointStore {
  readonly saved: string[] = []
  breaks = false
  text: string | undefined

  constructor(text?: string) {
    this.text = text
  }

  load(): Promise<string | undefined> {
    return this.breaks ? Promise.reject(new Error('the disk is gone')) : Promise.resolve(this.text)
  }

  save(cursor: string): Promise<void> {
    if (this.breaks) return Promise.reject(new Error('the disk is full'))
    this.text = cursor
    this.saved.push(cursor)
    return Promise.resolve()
  }

  get offset(): number | undefined {
    return this.text === undefined ? undefined : Cursor.parse(this.text).offset('t', 0)
  }
}
