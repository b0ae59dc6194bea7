/** Closed tickets go to MySQL, beside writing the same rows with nothing around it. */
import { Failure } from '../../scripts/lib/main.mjs'
import { fill } from '../lib/fill.mjs'
import { flush } from '../lib/flush.mjs'
import { interleave } from '../lib/rounds.mjs'
import { compared } from '../lib/rows.mjs'
import { FLUSHED_WHEN_ASKED } from '../lib/stage.mjs'
import { count, withSql } from '../lib/stores.mjs'
import { runUpsert } from '../servers/upsert.mjs'

/** What the service takes at a time by default, and so the other one too. */
const BATCH_SIZE = 500

/** @type {import('./index.mjs').Scenario} */
export const flushing = {
  name: 'flush',
  title: 'Flushing closed tickets to MySQL',
  minutes: 2.3,
  needs: [],
  wants: [],

  async run ({ stage, plan, note }) {
    const tickets = plan.choose(200_000, 10_000)
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const service = await stage.service({ redis, mariadb, variables: FLUSHED_WHEN_ASKED })
    await withSql(mariadb, (sql) => sql.query('CREATE TABLE raw LIKE wp_support_tickets'))

    let isFlushFirst = false
    const series = await interleave({
      contenders: [{
        name: 'flush',
        async measure (isWarmup) {
          const ids = await fill(service, isWarmup ? tickets / 10 : tickets, { status: 'closed' })
          const raw = () => runUpsert({ redis, mariadb, table: 'raw', batchSize: BATCH_SIZE, ids, wrap: stage.cores.underTest })
          // What one has written, MySQL still brings to disk while the other writes: each is the first in its turn.
          isFlushFirst = !isFlushFirst
          return isFlushFirst ? { flush: await flush(service, ids.count), raw: await raw() } : { raw: await raw(), flush: await flush(service, ids.count) }
        },
      }],
      rounds: plan.rounds(5),
      warmup: 1,
      note,
      figure: (pair) => pair.flush,
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
      values: pairs.map((pair) => pair.flush),
      references: pairs.map((pair) => pair.raw),
      bar: { op: '>=', value: 0.4 },
    })]
  },
}
