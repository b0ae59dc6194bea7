/** Closed tickets go to MySQL, beside writing the same rows with nothing around it. */
import { fileURLToPath } from 'node:url'
import { Failure } from '../../scripts/lib/main.mjs'
import { run } from '../../scripts/lib/run.mjs'
import { count, withSql } from '../lib/databases.ts'
import { interleave } from '../lib/rounds.ts'
import { compared } from '../lib/rows.ts'
import { FLUSHED_ON_REQUEST, type Mariadb, type Redis, type Stage } from '../lib/stage.ts'
import { fill, flush, type Ids } from '../lib/tickets.ts'
import type { Scenario } from './index.ts'

const RAW_UPSERT = fileURLToPath(new URL('../servers/raw-upsert.ts', import.meta.url))
/** What the service takes at a time by default, and so the other one too. */
const BATCH_SIZE = 500

export const flushing: Scenario = {
  name: 'flush',
  title: 'Flushing closed tickets to MySQL',
  minutes: 2.3,
  needs: [],
  wants: [],

  async run ({ stage, plan, note }) {
    const tickets = plan.choose(200_000, 10_000)
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const service = await stage.service({ redis, mariadb, variables: FLUSHED_ON_REQUEST })
    await withSql(mariadb, sql => sql.query('CREATE TABLE raw LIKE wp_support_tickets'))

    let isFlushFirst = false
    const series = await interleave({
      contenders: [{
        name: 'flush',
        async measure (isWarmup: boolean) {
          const ids = await fill(service, isWarmup ? tickets / 10 : tickets, { status: 'closed' })
          const raw = () => upsertRaw({ stage, redis, mariadb, ids })
          // What one has written, MySQL still brings to disk while the other writes: each is the first in its turn.
          isFlushFirst = !isFlushFirst
          return isFlushFirst ? { flush: await flush(service, ids.count), raw: await raw() } : { raw: await raw(), flush: await flush(service, ids.count) }
        },
      }],
      rounds: plan.rounds(5),
      warmup: 1,
      note,
      figure: pair => pair.flush,
    })
    const pairs = series.get('flush') ?? []
    const differences = await count(mariadb, `SELECT COUNT(*) AS count FROM wp_support_tickets LEFT JOIN raw USING (ticket_id)
      WHERE raw.version IS NULL OR raw.version <> wp_support_tickets.version`)
    if (differences > 0) throw new Failure(`${differences} tickets are not the same in the two tables`)
    return [compared({
      scenario: 'flush',
      work: `flush of ${tickets.toLocaleString('en-US')} closed tickets`,
      beside: 'the raw multi-row upsert of the same rows, one connection',
      unit: 'tickets/s',
      values: pairs.map(pair => pair.flush),
      references: pairs.map(pair => pair.raw),
      bar: { op: '>=', value: 0.6 },
      chart: 'Flush to MySQL, beside a raw multi-row upsert',
    })]
  },
}

/** @returns rows a second */
async function upsertRaw ({ stage, redis, mariadb, ids }: { stage: Stage, redis: Redis, mariadb: Mariadb, ids: Ids }): Promise<number> {
  const { command, args } = stage.cores.underTest(process.execPath, [RAW_UPSERT, 'raw', ...[BATCH_SIZE, ids.first, ids.count].map(String)])
  let rate = NaN
  await run(command, args, {
    env: { PATH: process.env.PATH, REDIS_URL: redis.url, MYSQL_URL: mariadb.url },
    note: line => { rate = Number(line) },
  })
  return rate
}
