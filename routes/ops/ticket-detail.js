/** One ticket: what it holds, how it stands on its way to MySQL, and the buttons that bring it there. */
import { byId, make, setText } from './dom.js'
import { moment, plural } from './format.js'
import { longText } from './long-text.js'
import { outcomeOf } from './dashboard.js'
import { showProblem } from './problem-note.js'

/** @typedef {{ state: string, version: number | null, synced_version: number | null, deleted: boolean, due_at: number | null, attempts: number, reason: string | null, died_at: number | null }} Push */
/** @typedef {Record<string, unknown> & { custom_fields?: Record<string, unknown> }} Ticket */

const TIMES = ['created_at', 'updated_at', 'closed_at']

/** @param {Push} push */
function inWords ({ state, due_at: due, died_at: died }) {
  const at = moment(due ?? died ?? 0)
  return {
    synced: 'MySQL holds the newest version',
    open: 'Not due until it is closed',
    scheduled: `Due at ${at}`,
    due: `Due since ${at}`,
    claimed: 'A flush is bringing it to MySQL',
    dead: `Dead letter since ${at}: MySQL refused it for good`,
    unmarked: 'Ahead of MySQL, and not marked: POST /resync makes it due',
  }[state] ?? state
}

/** @param {[name: string, value: string | Node][]} facts */
const factList = facts => make('dl', { class: 'facts' }, ...facts.map(([name, value]) => make('div', {}, make('dt', {}, make('bdi', {}, name)), make('dd', {}, value))))

/** @param {string} name @param {unknown} value */
function valueOf (name, value) {
  if (TIMES.includes(name)) return make('time', { datetime: new Date(Number(value) * 1000).toISOString() }, moment(Number(value)))
  return make('div', { dir: 'auto' }, longText(typeof value === 'string' ? value : JSON.stringify(value)))
}

/**
 * @param {object} options
 * @param {import('./api.js').Api} options.api
 * @param {import('./action.js').Act} options.act
 * @param {(error: import('./api.js').ApiError) => boolean} options.isAccess
 * @param {() => void} options.onClose
 */
export function createDetail ({ api, act, isAccess, onClose }) {
  const section = byId('ticket')
  const title = make('h2', { id: 'ticket-title', tabindex: '-1' })
  const [problem, body] = [make('div'), make('div')]
  const flush = make('button', { type: 'button', class: 'primary' }, 'Flush this ticket')
  const retry = make('button', { type: 'button' }, 'Retry this ticket')
  const again = make('button', { type: 'button' }, 'Look again')
  const close = make('button', { type: 'button' }, 'Close ticket')
  section.append(make('div', { class: 'head' }, title, make('div', { class: 'actions' }, flush, retry, again, close)), problem, body)
  /** @type {string | null} */
  let shown = null
  let turn = 0

  async function load () {
    const mine = ++turn
    const id = shown
    const [tickets, push] = await Promise.all([outcomeOf(api.get(`tickets?ids=${id}`)), outcomeOf(api.get(`flush/${id}`))])
    if (mine !== turn) return
    const error = tickets.error ?? push.error ?? null
    if (error?.status === 401 && isAccess(error)) return
    showProblem(problem, error, ['Try again', load])
    // One that had the focus and goes gives it to the heading.
    const isDead = push.value?.state === 'dead'
    if (!isDead && document.activeElement === retry) title.focus()
    retry.hidden = !isDead
    body.replaceChildren(...push.value ? [standing(push.value)] : [], ...tickets.value ? contents(id, tickets.value) : [])
  }

  /** @param {Push} push @returns {[string, Node][]} */
  const failureOf = ({ reason }) => reason === null ? [] : [['Last failure', longText(reason)]]

  /** @param {Push} push */
  const standing = push => factList([
    ['Way to MySQL', inWords(push)],
    ['Version', push.version === null ? 'cannot be read' : String(push.version)],
    ['Version in MySQL', push.synced_version === null ? 'none' : String(push.synced_version)],
    ['Deleted', push.deleted ? 'yes: what is left is a tombstone' : 'no'],
    ['Failures', push.attempts === 0 ? 'none' : plural(push.attempts, 'attempt')],
    ...failureOf(push),
  ])

  /**
   * @param {string | null} id
   * @param {{ tickets: Ticket[], from_mysql?: number[], stale?: number[], pending?: number[], errors?: { error: { detail: string } }[] }} answer
   */
  function contents (id, { tickets: [ticket], from_mysql: fromMysql, stale, pending, errors = [] }) {
    const notes = [
      ...errors.map(({ error }) => error.detail),
      ...stale ? ['Redis cannot be asked: this is what MySQL holds, and Redis may hold a newer version.'] : [],
      ...pending ? ['It is shown with changes that wait in the journal.'] : [],
      ...fromMysql && !stale ? ['MySQL alone holds it.'] : [],
    ].map(text => make('p', { class: 'note' }, text))
    if (!ticket) return [...notes, ...errors.length === 0 ? [make('p', { class: 'empty' }, `There is no ticket ${id}, or it was deleted.`)] : []]
    const { custom_fields: custom = {}, version: _version, synced_version: _synced, ...fields } = ticket
    const names = Object.keys(custom)
    return [
      ...notes,
      make('h3', {}, 'Fields'),
      factList(Object.entries(fields).map(([name, value]) => [name, valueOf(name, value)])),
      ...names.length === 0 ? [] : [make('h3', {}, `Custom fields (${names.length})`), factList(names.map(name => [name, valueOf('', custom[name])]))],
    ]
  }

  flush.addEventListener('click', () => act(flush, `Pushing ticket ${shown}…`, async () => {
    const { results: [result] } = await api.post('flush', { ticket_ids: [Number(shown)] })
    await load()
    if (result.state === 'synced' || result.state === 'deleted') return `Ticket ${result.ticket_id} is in MySQL.`
    return result.state === 'not_found' ? `There is no ticket ${result.ticket_id}.` : `MySQL has not taken ticket ${result.ticket_id}: its failures say why.`
  }))
  retry.addEventListener('click', () => act(retry, `Bringing ticket ${shown} back…`, async () => {
    const { redriven } = await api.post('flush/dead/retry', { ticket_ids: [Number(shown)] })
    await load()
    return redriven > 0 ? `Ticket ${shown} is due again; the next flush tries it.` : `Ticket ${shown} was no dead letter any more.`
  }))
  again.addEventListener('click', () => act(again, `Looking at ticket ${shown}…`, async () => {
    await load()
    return `Ticket ${shown} as it is now.`
  }))
  close.addEventListener('click', onClose)

  return {
    /**
     * @param {string | null} id null: none is open
     * @param {boolean} isAgain
     */
    show (id, isAgain) {
      if (id !== null && !/^[1-9]\d{0,15}$/.test(id)) id = null
      section.hidden = id === null
      if (id === shown && !isAgain) return
      const isOther = id !== shown
      shown = id
      turn++
      if (id === null) return
      if (isOther) {
        setText(title, `Ticket ${id}`)
        retry.hidden = true
        body.replaceChildren(make('p', { class: 'empty' }, 'Looking…'))
        title.focus()
      }
      load()
    },
  }
}
