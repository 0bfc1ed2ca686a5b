import { type BridgeStatus, fromBridge, toStore } from 'igwn-alert-rx/browser'
import { filter, map, merge, scan } from 'rxjs'
import { spaced } from '../src/words.ts'
import { Announcer } from './Announcer.ts'
import { asksForToken, type Connection, connectionWords, follow } from './connection.ts'
import { Detail } from './Detail.ts'
import { h, part, setText } from './dom.ts'
import { FilterForm } from './FilterForm.ts'
import { isShown, parsePlace, placeHash } from './filters.ts'
import { EMPTY, type Happening, KEPT, latestOf, type Model, type Superevent, step } from './model.ts'
import { noticesOf } from './notices.ts'
import { Others } from './Others.ts'
import { SupereventList } from './SupereventList.ts'
import { TokenForm } from './TokenForm.ts'
import { tick } from './times.ts'

/** The bridge is where its page is. */
const BRIDGE = new URL('.', location.href).href
const TITLE = document.title

let place = parsePlace(location.hash)
let connection: Connection = { phase: 'connecting' }
let model: Model = EMPTY
/** Where to go on when it is connected anew. */
let cursor: () => string | undefined = () => undefined
let disconnect = (): void => {}
let token: string | undefined
let isRenderDue = false

const list = new SupereventList(id => placeHash({ ...place, open: id }))
const detail = new Detail(close)
const others = new Others()
const announcer = new Announcer(superevent => isShown(superevent, place.filters))
const filterForm = new FilterForm(filters => {
  place = { ...place, filters }
  history.replaceState(null, '', placeHash(place))
  render()
})
const tokenForm = new TokenForm(given => {
  token = given
  connect()
})
const notices = part('notices', HTMLUListElement)
const again = part('again', HTMLButtonElement)

function connect(): void {
  disconnect()
  const topics = place.topics.split(',').filter(Boolean)
  const records = fromBridge(BRIDGE, { topics: topics.length > 0 ? topics : undefined, from: cursor() ?? place.from, token })
  const statuses = records.status$.subscribe(hear)
  const happening$ = merge(
    records.status$.pipe(
      filter(status => status.type === 'gap'),
      map((gap): Happening => ({ gap })),
    ),
    records.pipe(map((record): Happening => ({ record }))),
  )
  const store = toStore(happening$.pipe(scan(step, model)), model)
  const forget = store.subscribe(({ value }) => {
    model = value
    renderLater()
  })
  const before = cursor()
  cursor = () => records.cursor ?? before
  disconnect = () => {
    statuses.unsubscribe()
    forget()
  }
}

function hear(status: BridgeStatus): void {
  const before = connection
  connection = follow(before, status, Date.now())
  if (status.type === 'gap') announcer.say('Some messages did not come: see the notices.')
  else if (connection.phase !== before.phase) announcer.say(connectionWords(connection, Date.now()).state)
  renderLater()
}

function close(): void {
  location.hash = placeHash({ ...place, open: undefined })
}

/** Once for all that comes in a frame; in a tab that nobody sees, when it is seen. */
function renderLater(): void {
  if (isRenderDue) return
  isRenderDue = true
  requestAnimationFrame(() => {
    isRenderDue = false
    render()
    announcer.hear(() => model)
  })
}

function render(): void {
  const newest = [...model.superevents.values()].reverse().sort((a, b) => latestOf(b).published - latestOf(a).published)
  const shown = newest.filter(superevent => isShown(superevent, place.filters))
  filterForm.show(place.filters)
  if (!list.show(shown, place.open)) renderLater()
  detail.show(place.open, place.open === undefined ? undefined : model.superevents.get(place.open))
  others.show(model.others)
  showCounts(shown)
  showConnection()
}

function showCounts(shown: readonly Superevent[]): void {
  const { superevents, left, received } = model
  const all = superevents.size
  setText(part('count', HTMLElement), shown.length === all ? spaced(all) : `${spaced(shown.length)} of ${spaced(all)}`)
  part('filter-all', HTMLElement).hidden = shown.length === all
  part('list', HTMLElement).hidden = shown.length === 0
  part('empty', HTMLElement).hidden = shown.length > 0
  setText(
    part('empty', HTMLElement),
    all === 0 ? 'No alert yet. What the topics bring is shown here as it comes.' : 'None of them passes the filters.',
  )
  const kept = left > 0 ? `; the newest ${KEPT.superevents} are kept, ${spaced(left)} older ones were let go` : ''
  setText(part('kept', HTMLElement), `${spaced(received)} messages came${kept}.`)
}

function showConnection(): void {
  const { state, more } = connectionWords(connection, Date.now())
  part('connection', HTMLElement).dataset['phase'] = connection.phase
  setText(part('connection-state', HTMLElement), state)
  setText(part('connection-more', HTMLElement), more)
  document.title = connection.phase === 'live' ? TITLE : `${state}: ${TITLE}`
  const said = noticesOf(connection, model.gaps)
  if (said.join('\n') !== [...notices.children].map(({ textContent }) => textContent).join('\n')) {
    notices.replaceChildren(...said.map(text => h('li', { class: 'text' }, text)))
  }
  notices.hidden = said.length === 0
  again.hidden = connection.phase !== 'closed' || asksForToken(connection)
  if (asksForToken(connection)) tokenForm.ask(more)
  else tokenForm.hide()
}

/** The address decides what is shown. */
addEventListener('hashchange', () => {
  const { open, topics, from } = place
  place = parsePlace(location.hash)
  // It is another stream then.
  if (place.topics !== topics || place.from !== from) location.reload()
  render()
  if (open !== undefined && place.open === undefined) list.focus(open)
})
addEventListener('keydown', event => {
  if (event.key === 'Escape' && place.open !== undefined) close()
})
again.addEventListener('click', () => {
  // A cursor that the bridge does not take would be refused again; what comes twice is shown once.
  if (connection.phase === 'closed' && connection.error?.code === 'ALERT_CONFIG') cursor = () => undefined
  connect()
})
setInterval(() => {
  if (document.hidden) return
  tick(document)
  showConnection()
}, 1_000)

render()
token = tokenForm.remembered
connect()
