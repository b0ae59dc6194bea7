/** The last flush, and the buttons for the next one. */
import { byId, make, setText } from './dom.js'
import { count, duration, moment, plural } from './format.js'

/** @typedef {{ claimed: number, synced: number, retried: number, dead: number, duration_ms: number }} Counts */
/** @typedef {Counts & { finished_at: number, error: string | null, failure: { store: string, kind: string, message: string } | null }} LastFlush */

/**
 * @param {import('./api.js').Api} api
 * @param {import('./action.js').Act} act
 */
export function createFlush (api, act) {
  const facts = new Map(['Strategy', 'Last flush', 'Took', 'Claimed', 'Synced', 'Will be retried', 'Became dead letters', 'Ended by']
    .map(name => [name, make('dd', {}, '–')]))
  byId('last-flush').append(...[...facts].map(([name, value]) => make('div', {}, make('dt', {}, name), value)))
  const ended = facts.get('Ended by')?.parentElement

  for (const [id, doing, body] of /** @type {const} */ ([
    ['flush-due', 'Flushing what is due…', undefined],
    ['flush-all', 'Flushing all unsynced tickets…', { scope: 'all' }],
  ])) {
    const button = byId(id)
    button.addEventListener('click', () => act(button, doing, async () => inWords(await api.post('flush', body))))
  }

  return {
    /** @param {{ strategy: string, last_flush: LastFlush | null }} backlog */
    show ({ strategy, last_flush: last }) {
      const values = {
        Strategy: strategy,
        'Last flush': last ? moment(last.finished_at) : 'none yet',
        Took: last ? duration(last.duration_ms) : '–',
        Claimed: last ? count(last.claimed) : '–',
        Synced: last ? count(last.synced) : '–',
        'Will be retried': last ? count(last.retried) : '–',
        'Became dead letters': last ? count(last.dead) : '–',
        'Ended by': last?.error ? [last.error, ...last.failure ? [`${last.failure.store} (${last.failure.kind}): ${last.failure.message}`] : []].join(', ') : '',
      }
      for (const [name, value] of Object.entries(values)) setText(/** @type {Element} */ (facts.get(name)), value)
      if (ended) ended.hidden = !last?.error
    },
  }
}

/** @param {Counts & { remaining: number }} report */
function inWords ({ synced, retried, dead, remaining, duration_ms }) {
  return [
    `Flushed in ${duration(duration_ms)}: ${plural(synced, 'ticket')} synced`,
    ...retried > 0 ? [`${count(retried)} will be retried`] : [],
    ...dead > 0 ? [`${count(dead)} became dead letters`] : [],
    remaining === 0 ? 'nothing else waits for a push.' : `${plural(remaining, 'ticket')} still ${remaining === 1 ? 'waits' : 'wait'} for a push.`,
  ].join(', ')
}
