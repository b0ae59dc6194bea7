/**
 * A site that holds a given number of tickets: as many open ones in Redis, each of them in the index of what MySQL does not
 * hold, and as many rows of older ones in MySQL. What is created beside them is taken away again.
 */
import { Failure } from '../../scripts/lib/main.mjs'
import { until } from '../../scripts/lib/until.mjs'
import { count, KEYS, removeFromMysql, removeFromRedis, withRedis, withSql } from './databases.ts'
import { FLUSHED_ON_REQUEST, type Mariadb, type Redis, type Service, type Stage } from './stage.ts'
import { CUSTOMER_STEP, CUSTOMERS, fill, flush, type Ids } from './tickets.ts'

/** Rows that the service writes; the others are made of them. */
const SEED = 1000
/** Besides tickets there are a few keys, such as the index itself. */
const OTHER_KEYS_MAX = 10
/** What was on its way when a load ended may come a little later. */
const LATE_MS = 5000

export interface Site {
  name: string
  size: number
  service: Service
  redis: Redis
  mariadb: Mariadb
  table: string
  /** Of the open tickets. */
  ids: Ids
}

export async function populate ({ stage, mariadb, table, size }: { stage: Stage } & Pick<Site, 'mariadb' | 'table' | 'size'>): Promise<Site> {
  const redis = await stage.redis()
  const service = await stage.service({ redis, mariadb, variables: { TICKETS_TABLE: table, ...FLUSHED_ON_REQUEST } })
  const older = await fill(service, Math.min(SEED, size), { status: 'closed' })
  await flush(service, older.count)
  await removeFromRedis(redis, older)
  await multiply(mariadb, table, older.count, size)
  const site = { name: size.toLocaleString('en-US'), size, service, redis, mariadb, table, ids: await fill(service, size) }
  await expectWhole(site)
  return site
}

/** @param ids of what was created beside its own tickets, and perhaps flushed */
export async function restore (site: Site, ids: Ids): Promise<void> {
  await removeFromMysql(site.mariadb, site.table, ids)
  const isWhole = await until(async () => {
    await removeFromRedis(site.redis, ids)
    return isComplete(site, await inRedis(site))
  }, LATE_MS)
  if (!isWhole) await expectWhole(site)
}

/** Rejects when the site does not hold as many tickets as it is said to. */
export async function expectWhole (site: Site): Promise<void> {
  const { tickets, unsynced } = await inRedis(site)
  const rows = await count(site.mariadb, `SELECT COUNT(*) AS count FROM ${site.table}`)
  if (isComplete(site, { tickets, unsynced, rows })) return
  throw new Failure(`Beside ${site.name} tickets was to be measured, and there are ${tickets} keys in Redis, ${unsynced} tickets in its index of what is unsynced, and ${rows} rows in MySQL`)
}

export function isComplete ({ size }: Pick<Site, 'size'>, { tickets, unsynced, rows = size }: { tickets: number, unsynced: number, rows?: number }): boolean {
  return tickets >= size && tickets <= size + OTHER_KEYS_MAX && unsynced === size && rows === size
}

const inRedis = ({ redis: node }: Site) => withRedis(node, async redis => ({ tickets: await redis.dbsize(), unsynced: await redis.zcard(KEYS.due) }))

/** Each time as many rows as there are, with the ids below theirs, and customers as `fill` would give them. */
async function multiply (mariadb: Mariadb, table: string, present: number, size: number): Promise<void> {
  const copied = 'subject, status, category, priority, assigned_to, custom_fields, created_at, updated_at, closed_at, version'
  await withSql(mariadb, async sql => {
    for (let rows = present; rows < size; rows *= 2) {
      await sql.query(`INSERT INTO ${table} (ticket_id, customer_id, ${copied})
        SELECT ticket_id - ${rows}, 1 + (ticket_id - ${rows}) * ${CUSTOMER_STEP} % ${CUSTOMERS}, ${copied} FROM ${table} ORDER BY ticket_id DESC LIMIT ${size - rows}`)
    }
  })
}
