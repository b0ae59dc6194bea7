/** What of a ticket's life reaches MySQL, counted by the server. */
import { Failure } from '../../scripts/lib/main.mjs'
import { OPERATIONS, writeMany } from '../lib/fill.mjs'
import { flush } from '../lib/flush.mjs'
import { takeIds } from '../lib/ids.mjs'
import { mysqlCounters } from '../lib/mysql-counters.mjs'
import { TICKET } from '../lib/requests.mjs'
import { compared } from '../lib/rows.mjs'
import { FLUSHED_WHEN_ASKED } from '../lib/stage.mjs'
import { withSql } from '../lib/stores.mjs'

const CHANGES = 20
const COUNTERS = ['Handler_write', 'Handler_update', 'Questions']

/** @typedef {{ rows: number, statements: number }} Counts rows that were inserted or changed */

/** @type {import('./index.mjs').Scenario} */
export const life = {
  name: 'life',
  title: 'A ticket\'s life, as MySQL sees it',
  minutes: 0.3,
  needs: [],
  wants: [],

  async run ({ stage, plan, note }) {
    const tickets = plan.choose(1000, 100)
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const service = await stage.service({ redis, mariadb, variables: FLUSHED_WHEN_ASKED })
    note('through the service')
    const through = await counted(mariadb, () => liveThroughService(service, tickets))
    note('written to MySQL directly')
    await withSql(mariadb, (sql) => sql.query('CREATE TABLE direct LIKE wp_support_tickets'))
    const direct = await counted(mariadb, () => liveInMysql(mariadb, tickets))
    if (through.rows < tickets) throw new Failure(`Only ${through.rows} of ${tickets} tickets have reached MySQL`)

    const work = `a ticket's life: create, ${CHANGES} changes, close`
    const row = (/** @type {keyof Counts} */ name, /** @type {import('../lib/rows.mjs').Bar | null} */ bar) => compared({
      scenario: 'life',
      work,
      beside: 'the same written to MySQL as it happens',
      unit: `${name}/ticket`,
      values: [through[name] / tickets],
      references: [direct[name] / tickets],
      bar,
    })
    return [
      // One row, in the statement of many tickets, for 22 of one row each.
      row('rows', { op: '<=', value: 1 / (CHANGES + 2) }),
      row('statements', { op: '<=', value: 1 / (CHANGES + 2) }),
    ]
  },
}

/** @param {number} change */
function changeOf (change) {
  return { status: ['pending', 'on-hold', 'open'][change % 3], assigned_to: change + 1 }
}

/**
 * @param {import('../lib/stage.mjs').Service} service
 * @param {number} tickets
 */
async function liveThroughService (service, tickets) {
  const first = takeIds(tickets)
  const all = async (/** @type {object} */ operation) => {
    for (let start = 0; start < tickets; start += OPERATIONS) {
      await writeMany(service, Array.from({ length: Math.min(OPERATIONS, tickets - start) }, (_, i) => ({ ticket_id: first + start + i, ...operation })))
    }
  }
  await all({ op: 'create', ...TICKET })
  for (let change = 0; change < CHANGES; change += 1) await all({ op: 'update', ...changeOf(change) })
  await all({ op: 'update', status: 'closed' })
  await flush(service, tickets)
}

/**
 * @param {import('../lib/stage.mjs').Mariadb} mariadb
 * @param {number} tickets
 */
async function liveInMysql (mariadb, tickets) {
  const first = takeIds(tickets)
  await withSql(mariadb, async (sql) => {
    for (let id = first; id < first + tickets; id += 1) {
      await sql.query('INSERT INTO direct SET ticket_id = ?, ?, created_at = NOW(), updated_at = NOW()', [id, TICKET])
      for (let change = 0; change < CHANGES; change += 1) await sql.query('UPDATE direct SET ? WHERE ticket_id = ?', [changeOf(change), id])
      await sql.query("UPDATE direct SET status = 'closed', closed_at = NOW() WHERE ticket_id = ?", [id])
    }
  })
}

/**
 * @param {import('../lib/stage.mjs').Mariadb} mariadb
 * @param {() => Promise<void>} work
 * @returns {Promise<Counts>}
 */
async function counted (mariadb, work) {
  const before = await mysqlCounters(mariadb, COUNTERS)
  await work()
  const after = await mysqlCounters(mariadb, COUNTERS)
  const difference = (/** @type {string} */ name) => (after.get(name) ?? NaN) - (before.get(name) ?? NaN)
  return {
    rows: difference('Handler_write') + difference('Handler_update'),
    // Questions are what clients have sent, the one that asks for this included.
    statements: difference('Questions') - 1,
  }
}
