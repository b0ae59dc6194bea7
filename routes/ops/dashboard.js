/** The state of all that there is: it follows the service. */
import { createCharts } from './charts.js'
import { createConflicts } from './conflicts.js'
import { createDeadLetters } from './dead-letters.js'
import { byId, setNote } from './dom.js'
import { createFlush } from './flush.js'
import { plural } from './format.js'
import { createHistory } from './history.js'
import { parseMetrics, sumOf } from './metrics.js'
import { createTiles } from './tiles.js'
import { NO_TRAFFIC, createTrafficMeter } from './traffic.js'

/**
 * @template Value
 * @typedef {{ value: Value, error?: undefined } | { value?: undefined, error: import('./api.js').ApiError }} Answer
 */

/**
 * @param {object} options
 * @param {import('./api.js').Api} options.api
 * @param {import('./action.js').Act} options.act
 * @param {() => void} options.refresh
 * @param {(error: import('./api.js').ApiError) => boolean} options.isAccess
 */
export function createDashboard ({ api, act, refresh, isAccess }) {
  const tiles = createTiles(byId('tiles'))
  const charts = createCharts(byId('charts'))
  const flush = createFlush(api, act)
  const deadLetters = createDeadLetters(api, act, refresh)
  const conflicts = createConflicts(api, act, refresh)
  const history = createHistory()
  const measure = createTrafficMeter()
  /** Sources that this service does not have; they are not asked for again. */
  const missing = new Set()

  /**
   * @param {string} name
   * @param {string} path
   * @returns {Promise<Answer<any> | null>} null: there is no such source
   */
  async function ask (name, path) {
    if (missing.has(name)) return null
    const answer = await outcomeOf(api.get(path))
    if (answer.error?.status !== 404) return answer
    missing.add(name)
    return null
  }

  /** @param {Answer<any> | null} answer */
  function showTraffic (answer, nowMs = Date.now()) {
    const note = answer === null ? 'This service has no /metrics: throughput and latency are unknown.' : answer.error?.message
    setNote(byId('metrics-note'), note ? `Throughput and latency are not known: ${note}` : '')
    const metrics = parseMetrics(answer?.value ?? '')
    const build = metrics.get('tickets_build_info')?.[0]?.labels
    return {
      traffic: answer?.value ? measure(metrics, nowMs) : NO_TRAFFIC,
      build: build ? `version ${build.version}, Node ${build.node?.replace(/^v/, '')}` : '',
      pending: sumOf(metrics, 'tickets_journal_entries', ({ state }) => state === 'pending'),
    }
  }

  return {
    /**
     * @param {Answer<any>} health
     * @param {Answer<any>} backlog not an error of access
     * @returns {Promise<import('./api.js').ApiError[]>} what could not be had
     */
    async show (health, backlog) {
      const hasJournal = health.value?.journal !== 'off'
      const [metrics, dead, journal] = await Promise.all([
        ask('metrics', 'metrics'),
        ask('dead', deadLetters.path()),
        hasJournal ? ask('journal', conflicts.path()) : null,
      ])
      const errors = [health, backlog, metrics, dead, journal].flatMap(answer => answer?.error ?? [])
      if (errors.some(isAccess)) return errors

      const nowMs = Date.now()
      const { traffic, build, pending } = showTraffic(metrics, nowMs)
      if (health.value) tiles.show(health.value, build, inJournal(journal?.value?.pending ?? pending, journal?.value?.conflicts))
      else tiles.forget()
      setNote(byId('backlog-note'), backlog.error ? `The backlog is not known: ${backlog.error.message}` : unreachable(backlog.value))
      if (backlog.value) flush.show(backlog.value)
      if (dead?.error) deadLetters.lack(`As it was last known: ${dead.error.message}`)
      else if (dead) deadLetters.show(dead.value)
      if (journal?.error) conflicts.lack(`As it was last known: ${journal.error.message}`)
      else if (journal) conflicts.show(journal.value)
      else conflicts.hide()

      history.add(nowMs, {
        unsynced: backlog.value?.unsynced ?? null,
        due: backlog.value?.due ?? null,
        lagMs: backlog.value ? backlog.value.oldest_due_age_ms ?? 0 : null,
        ...traffic,
      })
      charts.show(history, nowMs)
      return errors
    },

    /** The service does not answer: what it is like is not known. */
    lose () {
      tiles.forget()
      const nowMs = Date.now()
      history.add(nowMs, {})
      charts.show(history, nowMs)
    },
  }
}

/**
 * @template Value
 * @param {Promise<Value>} promise that rejects with an ApiError or not at all
 * @returns {Promise<Answer<Value>>}
 */
export const outcomeOf = promise => promise.then(value => ({ value }), error => ({ error }))

/**
 * @param {number} pending
 * @param {number} [conflicts]
 */
function inJournal (pending, conflicts = 0) {
  const parts = [...pending > 0 ? [plural(pending, 'write waits', 'writes wait')] : [], ...conflicts > 0 ? [plural(conflicts, 'conflict')] : []]
  return parts.join(', ') || 'no write waits'
}

/** @param {{ unreachable_partitions?: number }} backlog */
const unreachable = ({ unreachable_partitions: partitions = 0 }) =>
  partitions > 0 ? `Without ${plural(partitions, 'partition')} that cannot be reached.` : ''
