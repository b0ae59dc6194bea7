/**
 * A site that holds a given number of tickets: open ones in Redis, each of them in the index of what MySQL does not hold, and
 * rows of older ones in MySQL. What is created beside them is taken away again.
 */
import { Failure } from '../../scripts/lib/main.mjs'
import { until } from '../../scripts/lib/until.mjs'
import { count, countInRedis, KEYS, removeFromMysql, removeFromRedis, withRedis, withSql } from './databases.ts'
import { FLUSHED_ON_REQUEST, type Mariadb, type Redis, type Service, type Stage } from './stage.ts'
import { AGENTS, agentOf, CUSTOMER_STEP, CUSTOMERS, fill, flush, type Ids } from './tickets.ts'

/** Rows that the service writes; the others are made of them. */
const SEED = 1000
/** Of them one of this number is open: MySQL held the newest version of it. */
const OPEN_SHARE = 25
const DAY_SECONDS = 86_400
/** Of keys some come and go, such as the service's checkpoint. */
const OTHER_KEYS_MAX = 10
/** What was on its way when a load ended may come a little later. */
const LATE_MS = 5000

export interface Site {
  name: string
  /** Open tickets in Redis, which MySQL does not hold. */
  size: number
  /** In MySQL, of other tickets. */
  rows: number
  service: Service
  redis: Redis
  mariadb: Mariadb
  table: string
  /** Of the open tickets. */
  ids: Ids
  /** Of the rows. */
  rowIds: Ids
  /** Of Redis, besides the tickets' hashes: indexes, the change log. As many as long as no ticket of its own changes. */
  otherKeys: number
  /** What was created beside them last, and is gone again, unless it came later than it was taken away. */
  latest: Ids
}

type Place = Pick<Site, 'mariadb' | 'table' | 'size'> & { stage: Stage, rows?: number }

/** @param place a table that has the rows already is taken as it is: sites may share one */
export async function populate ({ stage, mariadb, table, size, rows = size }: Place): Promise<Site> {
  const redis = await stage.redis()
  const service = await stage.service({ redis, mariadb, variables: { TICKETS_TABLE: table, ...FLUSHED_ON_REQUEST } })
  if (await countRows({ mariadb, table }) < rows) await addRows({ service, redis, mariadb, table, rows })
  const ids = await fill(service, size, id => ({ assigned_to: agentOf(id) }))
  const tickets = await countInRedis(redis, ids)
  const otherKeys = await withRedis(redis, client => client.dbsize()) - tickets
  const [oldest] = await withSql(mariadb, sql => sql.query(`SELECT MIN(ticket_id) AS first FROM ${table}`)).then(([found]) => found as { first: number }[])
  const rowIds = { first: Number(oldest?.first), count: rows }
  const site = { name: size.toLocaleString('en-US'), size, rows, service, redis, mariadb, table, ids, rowIds, otherKeys, latest: { first: 0, count: 0 } }
  if (tickets !== size) throw new Failure(`${size} tickets were created, and Redis has the hashes of ${tickets}`)
  await expectWhole(site)
  return site
}

/** @param ids of what was created beside its own tickets, and perhaps flushed */
export async function restore (site: Site, ids: Ids): Promise<void> {
  const created = [site.latest, ids]
  site.latest = ids
  const isWhole = await until(async () => {
    for (const each of created) await removeFromRedis(site.redis, each)
    return isComplete(site, await inRedis(site))
  }, LATE_MS)
  // Last: what Redis still holds the service would push again, and flush beside the flush that is measured.
  await removeFromMysql(site.mariadb, site.table, ids)
  if (!isWhole) await expectWhole(site)
}

/** Rejects when the site does not hold as many tickets as it is said to. */
export async function expectWhole (site: Site): Promise<void> {
  await removeFromRedis(site.redis, site.latest)
  const { unsynced, indexed } = await inRedis(site)
  const tickets = await countInRedis(site.redis, site.ids)
  const rows = await countRows(site)
  if (isComplete(site, { tickets, unsynced, indexed, rows })) return
  throw new Failure(`Beside ${site.name} tickets was to be measured, and there are ${tickets} of them in Redis, ${unsynced} in its index of what is unsynced, ${indexed} in its indexes for lists, and ${rows} rows in MySQL`)
}

export function isComplete ({ size, rows: whole = size }: Pick<Site, 'size'> & { rows?: number }, { tickets, unsynced, indexed = size, rows = whole }: {
  tickets: number, unsynced: number, indexed?: number, rows?: number
}): boolean {
  return tickets >= size && tickets <= size + OTHER_KEYS_MAX && unsynced === size && indexed === size && rows === whole
}

const inRedis = ({ redis: node, otherKeys }: Site) => withRedis(node, async redis => {
  const byStatus = Object.entries(await redis.hgetall(KEYS.index)).filter(([field]) => /^status:[^,]*$/.test(field))
  return {
    tickets: await redis.dbsize() - otherKeys,
    unsynced: await redis.zcard(KEYS.due),
    indexed: byStatus.reduce((sum, [, count]) => sum + Number(count), 0),
  }
})

const countRows = ({ mariadb, table }: Pick<Site, 'mariadb' | 'table'>) => count(mariadb, `SELECT COUNT(*) AS count FROM ${table}`)

/** As a help desk's history is imported: most of them were closed a day after they came in, years ago. */
async function addRows ({ service, redis, mariadb, table, rows }: Pick<Site, 'service' | 'redis' | 'mariadb' | 'table' | 'rows'>): Promise<void> {
  const now = Math.floor(Date.now() / 1000)
  const seed = Math.min(SEED, rows)
  const older = await fill(service, seed, id => {
    const createdAt = now - (2 + id % SEED) * DAY_SECONDS
    // Of each agent.
    const isOpen = Math.floor(id / AGENTS) % OPEN_SHARE === 0
    return { assigned_to: agentOf(id), created_at: createdAt, updated_at: createdAt + DAY_SECONDS, ...(isOpen ? { status: 'open' } : { status: 'closed', closed_at: createdAt + DAY_SECONDS }) }
  }, 'import')
  await flush(service, seed)
  await removeFromRedis(redis, older)
  await multiply(mariadb, table, seed, rows)
}

/** Each time as many rows as there are, with the ids below theirs, and customers and agents as `fill` would give them. */
async function multiply (mariadb: Mariadb, table: string, present: number, size: number): Promise<void> {
  const copied = 'subject, status, category, priority, custom_fields, created_at, updated_at, closed_at, version'
  await withSql(mariadb, async sql => {
    for (let rows = present; rows < size; rows *= 2) {
      const id = `(ticket_id - ${rows})`
      await sql.query(`INSERT INTO ${table} (ticket_id, customer_id, assigned_to, ${copied})
        SELECT ${id}, 1 + ${id} * ${CUSTOMER_STEP} % ${CUSTOMERS}, 1 + ${id} % ${AGENTS}, ${copied} FROM ${table} ORDER BY ticket_id DESC LIMIT ${size - rows}`)
    }
  })
}
