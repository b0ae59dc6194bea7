/**
 * A site that holds a given number of tickets: so many open ones in Redis, each of them in the index of what MySQL does not
 * hold, and so many rows of older ones in MySQL. What is created beside them is taken away again.
 */
import { Failure } from '../../scripts/lib/main.mjs'
import { until } from '../../scripts/lib/until.mjs'
import { CUSTOMER_STEP, CUSTOMERS, fill } from './fill.mjs'
import { flush } from './flush.mjs'
import { keysOf, removeFromMysql, removeFromRedis } from './remove.mjs'
import { FLUSHED_WHEN_ASKED } from './stage.mjs'
import { count, withRedis, withSql } from './stores.mjs'

/** Rows that the service writes; the others are made of them. */
const SEED = 1000
/** Besides tickets there are a few keys, such as the index itself. */
const OTHER_KEYS_MAX = 10
/** What was on its way when a load ended may come a little later. */
const LATE_MS = 5000

/** @typedef {import('./fill.mjs').Ids} Ids */
/** @typedef {{ tickets: number, unsynced: number, rows: number }} Population */

/**
 * @typedef {object} Site
 * @property {string} name
 * @property {number} size
 * @property {import('./stage.mjs').Service} service
 * @property {import('./stage.mjs').RedisNode} redis
 * @property {import('./stage.mjs').Mariadb} mariadb
 * @property {string} table
 * @property {Ids} ids of the open tickets
 */

/**
 * @param {{ stage: import('./stage.mjs').Stage, mariadb: import('./stage.mjs').Mariadb, table: string, size: number }} options
 * @returns {Promise<Site>}
 */
export async function populate ({ stage, mariadb, table, size }) {
  const redis = await stage.redis()
  const service = await stage.service({ redis, mariadb, variables: { TICKETS_TABLE: table, ...FLUSHED_WHEN_ASKED } })
  const older = await fill(service, Math.min(SEED, size), { status: 'closed' })
  await flush(service, older.count)
  await removeFromRedis(redis, older)
  await multiply(mariadb, table, older, size)
  const site = { name: size.toLocaleString('en-US'), size, service, redis, mariadb, table, ids: await fill(service, size) }
  await expectWhole(site)
  return site
}

/**
 * @param {Site} site
 * @param {Ids} ids of what was created beside its own tickets, and perhaps flushed
 */
export async function restore (site, ids) {
  await removeFromMysql(site.mariadb, site.table, ids)
  const isWhole = await until(async () => {
    await removeFromRedis(site.redis, ids)
    return isComplete(site, await inRedis(site))
  }, LATE_MS)
  if (!isWhole) await expectWhole(site)
}

/**
 * @param {Site} site
 * @throws {Failure} when it does not hold as many tickets as it is said to
 */
export async function expectWhole (site) {
  const population = { ...await inRedis(site), rows: await count(site.mariadb, `SELECT COUNT(*) AS count FROM ${site.table}`) }
  if (!isComplete(site, population)) throw new Failure(`Beside ${site.name} tickets was to be measured, and there are ${describe(population)}`)
}

/**
 * @param {Pick<Site, 'size'>} site
 * @param {Omit<Population, 'rows'> & { rows?: number }} population
 */
export function isComplete ({ size }, { tickets, unsynced, rows = size }) {
  return tickets >= size && tickets <= size + OTHER_KEYS_MAX && unsynced === size && rows === size
}

/** @param {Population} population */
function describe ({ tickets, unsynced, rows }) {
  return `${tickets} keys in Redis, ${unsynced} tickets in its index of what is unsynced, and ${rows} rows in MySQL`
}

/** @param {Pick<Site, 'redis'>} site */
async function inRedis ({ redis: node }) {
  const keys = await keysOf()
  return withRedis(node, async (redis) => ({ tickets: await redis.dbsize(), unsynced: await redis.zcard(keys.due) }))
}

/**
 * Each time as many rows as there are, with the ids below theirs, and customers as `fill` would give them.
 * @param {import('./stage.mjs').Mariadb} mariadb
 * @param {string} table
 * @param {Ids} ids of its rows
 * @param {number} size
 */
async function multiply (mariadb, table, ids, size) {
  const copied = 'subject, status, category, priority, assigned_to, custom_fields, created_at, updated_at, closed_at, version'
  await withSql(mariadb, async (sql) => {
    for (let rows = ids.count; rows < size; rows *= 2) {
      await sql.query(`INSERT INTO ${table} (ticket_id, customer_id, ${copied})
        SELECT ticket_id - ${rows}, 1 + (ticket_id - ${rows}) * ${CUSTOMER_STEP} % ${CUSTOMERS}, ${copied} FROM ${table} ORDER BY ticket_id DESC LIMIT ${size - rows}`)
    }
  })
}
