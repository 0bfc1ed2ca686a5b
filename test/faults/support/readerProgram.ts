import type { ReaderLine, ReaderTask } from '../programs/reader.ts'
import { Ledger } from './ledger.ts'
import { Program, type ProgramOptions } from './program.ts'

/** A reader in a process of its own, each arrival written down by its offset. */
export class ReaderProgram extends Program<ReaderLine> {
  readonly ledger: Ledger

  constructor(task: ReaderTask, options: Pick<ProgramOptions<ReaderLine>, 'node' | 'env'> = {}) {
    const ledger = new Ledger()
    const onLine = (line: ReaderLine): void => {
      if (line.type === 'record') ledger.got(line.partition, line.offset, line.at)
    }
    super('reader', { ...options, task, onLine })
    this.ledger = ledger
  }

  count(status: string): number {
    return this.lines.filter(line => line.type === 'status' && line.status === status).length
  }

  /** What ended its stream, if anything did. */
  get failures(): readonly ReaderLine[] {
    return this.lines.filter(line => line.type === 'error')
  }

  async untilConnected(): Promise<this> {
    await this.line(line => line.type === 'status' && line.status === 'connected')
    return this
  }
}
