/** What of a ticket's life reaches MySQL, counted by the server, and what the ticket takes in both databases. */
import { Failure } from '../../scripts/lib/main.mjs'
import { mysqlBytes, mysqlCounters, redisBytes, withSql } from '../lib/databases.ts'
import { TICKET } from '../lib/requests.ts'
import { type Bar, compared, stated } from '../lib/rows.ts'
import { FLUSHED_ON_REQUEST, type Mariadb, type Service } from '../lib/stage.ts'
import { agentOf, fill, flush, OPERATIONS, takeIds, writeMany } from '../lib/tickets.ts'
import type { Scenario } from './index.ts'

const CHANGES = 20
const COUNTERS = ['Handler_write', 'Handler_update', 'Questions']

/** Rows are those that were inserted or changed. */
interface Counts { rows: number, statements: number }

export const life: Scenario = {
  name: 'life',
  title: 'A ticket\'s life in MySQL, and its size',
  minutes: 0.5,
  needs: [],
  wants: [],

  async run ({ stage, plan, note }) {
    const tickets = plan.choose(1000, 100)
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const service = await stage.service({ redis, mariadb, variables: FLUSHED_ON_REQUEST })
    note('through the service')
    const through = await counted(mariadb, () => liveThroughService(service, tickets))
    note('written to MySQL directly')
    await withSql(mariadb, sql => sql.query('CREATE TABLE direct LIKE wp_support_tickets'))
    const direct = await counted(mariadb, () => liveInMysql(mariadb, tickets))
    if (through.rows < tickets) throw new Failure(`Only ${through.rows} of ${tickets} tickets have reached MySQL`)

    note('its size')
    const count = plan.choose(50_000, 5000)
    const closedBytes = await redisBytes(redis, count, async () => {
      await fill(service, count, { status: 'closed' })
      await flush(service, count)
    })
    const openBytes = await redisBytes(redis, count, () => fill(service, count, id => ({ assigned_to: agentOf(id) })))
    const bytes = (work: string, value: number, bar?: Bar) => stated({ scenario: 'life', work, unit: 'bytes', values: [value], ...(bar && { bar }) })

    const spared = (['rows', 'statements'] as const).map(name => compared({
      scenario: 'life',
      work: `a ticket's life: create, ${CHANGES} changes, close`,
      beside: 'the same written to MySQL as it happens',
      unit: `${name}/ticket`,
      values: [through[name] / tickets],
      references: [direct[name] / tickets],
      // One row, in the statement of many tickets, for 22 of one row each.
      bar: { op: '<=', value: 1 / (CHANGES + 2) },
    }))
    return [
      ...spared,
      bytes('a ticket in Redis with its mark and its entries in the indexes and the change log, while it is open', openBytes, { op: '<=', value: 650 }),
      bytes('a ticket in Redis, once MySQL has it', closedBytes),
      bytes('a ticket in MySQL, with its indexes', await mysqlBytes(mariadb, 'wp_support_tickets')),
    ]
  },
}

const changeOf = (change: number) => ({ status: ['pending', 'on-hold', 'open'][change % 3], assigned_to: change + 1 })

async function liveThroughService (service: Service, tickets: number): Promise<void> {
  const first = takeIds(tickets)
  const all = async (operation: object) => {
    for (let start = 0; start < tickets; start += OPERATIONS) {
      await writeMany(service, Array.from({ length: Math.min(OPERATIONS, tickets - start) }, (_, i) => ({ ticket_id: first + start + i, ...operation })))
    }
  }
  await all({ op: 'create', ...TICKET })
  for (let change = 0; change < CHANGES; change += 1) await all({ op: 'update', ...changeOf(change) })
  await all({ op: 'update', status: 'closed' })
  await flush(service, tickets)
}

async function liveInMysql (mariadb: Mariadb, tickets: number): Promise<void> {
  const first = takeIds(tickets)
  await withSql(mariadb, async sql => {
    for (let id = first; id < first + tickets; id += 1) {
      await sql.query('INSERT INTO direct SET ticket_id = ?, ?, created_at = NOW(), updated_at = NOW()', [id, TICKET])
      for (let change = 0; change < CHANGES; change += 1) await sql.query('UPDATE direct SET ? WHERE ticket_id = ?', [changeOf(change), id])
      await sql.query("UPDATE direct SET status = 'closed', closed_at = NOW() WHERE ticket_id = ?", [id])
    }
  })
}

async function counted (mariadb: Mariadb, work: () => Promise<void>): Promise<Counts> {
  const before = await mysqlCounters(mariadb, COUNTERS)
  await work()
  const after = await mysqlCounters(mariadb, COUNTERS)
  const difference = (name: string) => (after.get(name) ?? NaN) - (before.get(name) ?? NaN)
  return {
    rows: difference('Handler_write') + difference('Handler_update'),
    // Questions are what clients have sent, the one that asks for this included.
    statements: difference('Questions') - 1,
  }
}
