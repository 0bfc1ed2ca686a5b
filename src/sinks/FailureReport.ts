import { type AlertErrorCode, PublishError } from '../errors.ts'
import type { Logger, StatusEvent } from '../status.ts'

export interface FailureReportOptions {
  readonly fullTopic: string
  readonly logger: Logger
  readonly report: (event: StatusEvent) => void
}

interface Burst {
  readonly first: PublishError
  count: number
}

/** Tells the logger and `status$` of failures that nobody saw; those of one kind at one moment once, for a lost broker fails thousands together. */
export class FailureReport {
  readonly #options: FailureReportOptions
  readonly #bursts = new Map<AlertErrorCode, Burst>()

  constructor(options: FailureReportOptions) {
    this.#options = options
  }

  add(error: PublishError): void {
    const burst = this.#bursts.get(error.code)
    if (burst !== undefined) {
      burst.count++
      return
    }
    if (this.#bursts.size === 0) queueMicrotask(() => this.#tell())
    this.#bursts.set(error.code, { first: error, count: 1 })
  }

  #tell(): void {
    const { fullTopic: topic, logger, report } = this.#options
    const bursts = [...this.#bursts.values()]
    this.#bursts.clear()
    for (const { first, count } of bursts) {
      const error = count === 1 ? first : several(first, count)
      logger.error({ topic, code: error.code, stored: error.stored, count }, error.message)
      report({ type: 'failed', topic, error })
    }
  }
}

const several = ({ code, message, stored, fatal, kafka, cause }: PublishError, count: number): PublishError =>
  new PublishError(code, `${message} (and ${count - 1} more messages)`, stored, { fatal, kafka, cause })
