/** nginx and php-fpm with the scripts of bench/php, the same for all ways that PHP has. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Server } from '../../scripts/lib/server.mjs'
import { contender } from './contender.ts'
import { withSql } from './databases.ts'
import { pageOf } from './requests.ts'
import type { Mariadb, Redis, Service, Stage } from './stage.ts'
import type { Ids } from './tickets.ts'

const SCRIPTS = fileURLToPath(new URL('../php', import.meta.url))
export const WORKERS = 8
const CONNECTIONS = 16

/**
 * Of the service's slices while warming up. On a core that is full of nginx and PHP, V8's compiler, which has a lower priority, takes some 20 s until what a page
 * needs is compiled as it is after minutes of any load: then the service takes 170 µs a page, and 280 before.
 */
export const WARMUP_FACTOR = 4

/** @returns a contender of each script: its pages are about tickets that are new, or known */
export async function startPhpSite (stage: Stage, { redis, mariadb, service }: { redis: Redis, mariadb: Mariadb, service: Service }, seconds: number) {
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
  return (script: string, { others = [], knownIds }: { others?: Server[], knownIds?: Ids } = {}) => contender({
    name: script,
    stage,
    server: nginx,
    helpers: [fpm, ...others],
    seconds,
    ...(others.length > 0 && { warmupSeconds: seconds * WARMUP_FACTOR }),
    connections: CONNECTIONS,
    requests: [pageOf(`/${script}.php`, knownIds ? 'known' : 'new')],
    statuses: [200],
    knownIds,
  })
}
