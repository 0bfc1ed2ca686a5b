import { farInWords } from '../src/words.ts'
import { part, setText } from './dom.ts'
import { EMPTY, isRetracted, latestOf, type Model, type Superevent } from './model.ts'
import { percent } from './text.ts'

/** What is news is said together, so seldom, ms: a screen reader is not to be flooded. */
const INTERVAL = 5_000

/** Says aloud, by a live region, what is new: superevents, and how the connection is. */
export class Announcer {
  readonly #region = part('announcer', HTMLElement)
  readonly #isShown: (superevent: Superevent) => boolean
  readonly #begun = Date.now()
  #said: Model = EMPTY
  #isDue = false

  /** @param isShown whether the filters let it through */
  constructor(isShown: (superevent: Superevent) => boolean) {
    this.#isShown = isShown
  }

  say(text: string): void {
    setText(this.#region, text)
  }

  /** @param modelNow what there is when it is said */
  hear(modelNow: () => Model): void {
    if (this.#isDue) return
    this.#isDue = true
    setTimeout(() => {
      this.#isDue = false
      const model = modelNow()
      const news = this.#newsIn(model)
      this.#said = model
      if (news.length > 0) this.say(wordsOf(news))
    }, INTERVAL)
  }

  /** Newest last; not what was published before the page was opened. */
  #newsIn({ superevents }: Model): readonly Superevent[] {
    return [...superevents.values()].filter(
      superevent =>
        this.#said.superevents.get(superevent.id) !== superevent &&
        latestOf(superevent).published >= this.#begun &&
        this.#isShown(superevent),
    )
  }
}

function wordsOf(news: readonly Superevent[]): string {
  const newest = news.at(-1)!
  return news.length === 1 ? sentence(newest) : `${news.length} superevents have new alerts, the latest: ${sentence(newest)}`
}

function sentence(superevent: Superevent): string {
  const { id, facts } = superevent
  const { type } = latestOf(superevent)
  if (isRetracted(superevent)) return `${id}: ${type}`
  const [likeliest] = [...facts.classification].sort(([, a], [, b]) => b - a)
  const source = likeliest && `${likeliest[0]} ${percent(likeliest[1])}`
  const far = facts.far === undefined ? undefined : farInWords(facts.far)
  return [`${id}: ${type}`, source, far && `false alarms ${far}`].filter(Boolean).join(', ')
}
