/** A ticket is created by PHP, in the ways that a site has: nginx and php-fpm are the same for all of them. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Failure } from '../../scripts/lib/main.mjs'
import type { Server } from '../../scripts/lib/server.mjs'
import { contender } from '../lib/contender.ts'
import { count, withSql } from '../lib/databases.ts'
import { pageOf } from '../lib/requests.ts'
import { interleave } from '../lib/rounds.ts'
import { besides } from '../lib/rows.ts'
import type { Scenario } from './index.ts'

const SCRIPTS = fileURLToPath(new URL('../php', import.meta.url))
const WORKERS = 8
const CONNECTIONS = 16
/** That wordpress.php writes of each ticket. */
const META_FIELDS = 6

export const php: Scenario = {
  name: 'php',
  title: 'Creating a ticket from PHP',
  minutes: 1.2,
  needs: ['wrk', 'nginx', 'php'],
  wants: [],

  async run ({ stage, plan, note }) {
    const [redis, mariadb] = await Promise.all([stage.redis(), stage.mariadb()])
    const service = await stage.service({ redis, mariadb })
    await withSql(mariadb, async sql => {
      // WordPress's defaults are dates that MySQL's own mode refuses.
      await sql.query("SET SESSION sql_mode = ''")
      for (const statement of readFileSync(`${SCRIPTS}/wordpress.sql`, 'utf8').split(';\n').filter(text => text.trim())) await sql.query(statement)
    })
    const fpm = await stage.phpFpm({
      workers: WORKERS,
      env: {
        REDIS_PORT: redis.port,
        REDIS_PASSWORD: redis.password,
        MYSQL_PORT: mariadb.port,
        MYSQL_USER: mariadb.user,
        MYSQL_PASSWORD: mariadb.password,
        MYSQL_DATABASE: mariadb.database,
        SERVICE_URL: service.url,
        SERVICE_KEY: service.key,
      },
    })
    const nginx = await stage.nginx({ php: fpm, root: SCRIPTS })
    const by = (script: string, ...others: Server[]) => contender({
      name: script, stage, server: nginx, helpers: [fpm, ...others], seconds: plan.sliceSeconds, connections: CONNECTIONS, requests: [pageOf(`/${script}.php`)], statuses: [200],
    })
    const contenders = [by('service-reused', service), by('phpredis'), by('wordpress'), by('service-curl', service)]
    const series = await interleave({ contenders, rounds: plan.rounds(8), warmup: plan.warmup, note, figure: ({ rate }) => rate })

    const posts = await count(mariadb, 'SELECT COUNT(*) AS count FROM wp_posts')
    const fields = await count(mariadb, 'SELECT COUNT(*) AS count FROM wp_postmeta')
    const said = (series.get('wordpress') ?? []).reduce((sum, { requests }) => sum + requests, 0)
    if (posts < said || fields < META_FIELDS * said) throw new Failure(`wordpress.php said that it wrote ${said} tickets, and MySQL has ${posts} posts with ${fields} fields`)

    return besides({
      scenario: 'php',
      work: `PHP calling the service over a reused connection, ${WORKERS} workers, service, nginx and php-fpm on one core`,
      unit: 'requests/s',
      series,
      subject: 'service-reused',
      others: [
        { name: 'wordpress', label: 'PHP writing post and postmeta to MySQL', bar: { op: '>=', value: 3 } },
        { name: 'phpredis', label: 'PHP writing to Redis, connecting per request (phpredis)', chart: 'PHP calling the service, beside PHP writing to Redis itself' },
        { name: 'service-curl', label: 'PHP calling the service by cURL, connecting per request' },
      ],
    })
  },
}
