/** A page of PHP changes a ticket five times: the plugin sends them as one, the other ways one by one. */
import { Failure } from '../../scripts/lib/main.mjs'
import { withRedis, withSql } from '../lib/databases.ts'
import { startPhpSite, WORKERS } from '../lib/php-site.ts'
import { TICKET } from '../lib/requests.ts'
import { interleave } from '../lib/rounds.ts'
import { besides } from '../lib/rows.ts'
import type { Mariadb } from '../lib/stage.ts'
import { fill, type Ids, read } from '../lib/tickets.ts'
import type { Scenario } from './index.ts'

const KNOWN_TICKETS = 10_000
const ROWS_PER_INSERT = 1000
const SUBJECT = /^Order issue \d+$/

/** As page.php changes them. */
const FIELDS = ['status', 'priority', 'category', 'assigned_to', 'subject']

export const page: Scenario = {
  name: 'page',
  title: 'A page of PHP that changes a ticket five times',
  minutes: 1.6,
  needs: ['wrk', 'nginx', 'php'],
  wants: [],

  async run ({ stage, plan, note }) {
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const service = await stage.service({ redis, mariadb })
    const knownIds = await fill(service, plan.choose(KNOWN_TICKETS, KNOWN_TICKETS / 10))
    const by = await startPhpSite(stage, { redis, mariadb, service }, plan.sliceSeconds)
    await addMeta(mariadb, knownIds)

    const contenders = [by('page-plugin', { others: [service], knownIds }), by('page-phpredis', { knownIds }), by('page-article', { knownIds }), by('page-postmeta', { knownIds })]
    const series = await interleave({ contenders, rounds: plan.rounds(8), warmup: plan.warmup, note, figure: ({ rate }) => rate })
    expectChanged('the service', await Promise.all(idsOf(knownIds).map(async id => (await read(service, `/tickets/${id}`) as { subject: string }).subject)))
    expectChanged('Redis', await withRedis({ url: redis.url.replace(/\/0$/, '/1') }, client => Promise.all(idsOf(knownIds).map(id => client.hget(`ticket:${id}`, 'subject')))))
    expectChanged('MySQL', await subjectsInMysql(mariadb, knownIds))

    return besides({
      scenario: 'page',
      work: `PHP page that changes a ticket 5 times, one batch by the plugin's client, ${WORKERS} workers, service, nginx and php-fpm on one core`,
      unit: 'pages/s',
      series,
      subject: 'page-plugin',
      others: [
        { name: 'page-phpredis', label: 'connecting to Redis and 5 HSET (phpredis)', bar: { op: '>=', value: 1 }, chart: 'A PHP page with 5 changes, beside 5 HSET by phpredis' },
        { name: 'page-article', label: 'connecting to Redis for each of 5 HSET, as the functions of the article do (phpredis)' },
        { name: 'page-postmeta', label: '5 UPDATEs of wp_postmeta in MySQL', bar: { op: '>=', value: 3 } },
      ],
    })
  },
}

/** A hundred, from everywhere: pages go through all of them, and begin anywhere. */
const idsOf = ({ first, count }: Ids) => Array.from({ length: 100 }, (_, i) => first + Math.floor(i * count / 100))

async function addMeta (mariadb: Mariadb, { first, count }: Ids): Promise<void> {
  const values: Record<string, unknown> = { ...TICKET, category: 'billing', assigned_to: 1 }
  await withSql(mariadb, async sql => {
    for (let start = 0; start < count; start += ROWS_PER_INSERT) {
      const ids = Array.from({ length: Math.min(ROWS_PER_INSERT, count - start) }, (_, i) => first + start + i)
      await sql.query('INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES ?', [ids.flatMap(id => FIELDS.map(name => [id, `_ticket_${name}`, String(values[name])]))])
    }
  })
}

async function subjectsInMysql (mariadb: Mariadb, ids: Ids): Promise<string[]> {
  const [rows] = await withSql(mariadb, sql => sql.query("SELECT meta_value AS subject FROM wp_postmeta WHERE meta_key = '_ticket_subject' AND post_id IN (?)", [idsOf(ids)]))
  return (rows as { subject: string }[]).map(({ subject }) => subject)
}

/** Pages say that they wrote: some of what they wrote must be there. */
function expectChanged (where: string, subjects: readonly unknown[]): void {
  if (!subjects.some(subject => SUBJECT.test(String(subject)))) throw new Failure(`Pages have changed tickets, and ${where} has none of ${subjects.length} that was changed: ${String(subjects[0])}`)
}
