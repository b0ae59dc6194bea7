/**
 * What one measure runs on: servers of its own, started when they are asked for and stopped with it.
 * Those that are under test are started on the core that they have to themselves.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { PHP_EXTENSIONS } from '../../scripts/lib/bench-programs.mjs'
import { freePort } from '../../scripts/lib/loopback.mjs'
import { Failure } from '../../scripts/lib/main.mjs'
import { startMariadb } from '../../scripts/lib/mariadb.mjs'
import { startNginx } from '../../scripts/lib/nginx.mjs'
import { startPhpFpm } from '../../scripts/lib/php-fpm.mjs'
import { startCluster } from '../../scripts/lib/redis-cluster.mjs'
import { startRedis } from '../../scripts/lib/redis.mjs'
import { ownDirectory, type Server } from '../../scripts/lib/server.mjs'
import { startService } from '../../scripts/lib/service.mjs'
import { proxyTo, scriptsOf, startBare, startWebdis } from '../servers/start.ts'
import { checkAnswers } from './answers.ts'
import type { Cores } from './cores.ts'
import { createApiKey } from './service-modules.ts'

export type Redis = Awaited<ReturnType<typeof startRedis>>
export type Mariadb = Awaited<ReturnType<typeof startMariadb>>
/** endsBy: it has no handler for that signal. */
export type WebServer = Server & { url: string, endsBy?: NodeJS.Signals }
type ApiKey = ReturnType<typeof createApiKey>
export type Service = WebServer & { key: string, apiKey: ApiKey }
export type Stage = ReturnType<typeof createStage>

interface Stores { redis: Redis, mariadb: Mariadb, variables?: Record<string, string> }

/** Rewriting the append-only file would take the core of the load for seconds, in whoever's slice that is. */
const NO_REWRITE = { 'auto-aof-rewrite-percentage': 0 }

/** As a site would run it: each request bears a key. Valid keys have no limit by default. */
export const PRODUCTION = { LOG_LEVEL: 'info', FALLBACK: 'mysql', SYNC_STRATEGY: 'hybrid' }

/** Where nothing but the flush that is asked for may reach MySQL: the timer does not come before the end. */
export const FLUSHED_ON_REQUEST = { FLUSH_INTERVAL_MS: String(86_400_000) }

/** All that is measured has room in it, as on a machine that is MySQL's own. */
export const MARIADB = { bufferPoolBytes: 2 ** 30 }

const newKey = (): ApiKey => createApiKey('bench', 'read+write+ops')

export function createStage (directory: string, cores: Cores) {
  const servers: (Server & { endsBy?: NodeJS.Signals })[] = []
  const services: Service[] = []
  let next = 0
  const ownPlace = (name: string): string => ownDirectory(join(directory, `${next++}-${name}`))
  const wrap = cores.underTest

  async function keep<T extends Server> (starting: Promise<T>): Promise<T> {
    const server = await starting
    servers.push(server)
    return server
  }

  async function service ({ redis, mariadb, variables, apiKey = newKey(), port }: Stores & { apiKey?: ApiKey, port?: number }): Promise<Service> {
    const server = await keep(startService({
      directory: ownPlace('service'),
      port: port ?? await freePort(),
      redisUrl: redis.url,
      mysqlUrl: mariadb.url,
      variables: { ...PRODUCTION, API_KEYS: apiKey.entry, ...variables },
      wrap,
    }))
    const started = Object.assign(server, { key: apiKey.key, apiKey })
    services.push(started)
    return started
  }

  return {
    cores,
    ownPlace,
    keep,
    service,
    newKey,

    /** Two instances with the same key, so that a request may go to either. */
    async services (stores: Stores): Promise<[Service, Service]> {
      const first = await service(stores)
      return [first, await service({ ...stores, apiKey: first.apiKey })]
    },

    redis: () => keep(startRedis({ directory: ownPlace('redis'), config: NO_REWRITE })),

    /** A Redis Cluster without replicas. Resolves with the service's environment for it. */
    async cluster (masters: number): Promise<Record<string, string>> {
      const { nodes, variables } = await startCluster({ directory: ownPlace('cluster'), masters, replicas: 0, options: NO_REWRITE })
      servers.push(...nodes)
      return variables
    },

    mariadb: () => keep(startMariadb({ directory: ownPlace('mariadb'), bufferPoolBytes: MARIADB.bufferPoolBytes })),

    /** The same routes without a store, or with an INSERT for each ticket. */
    bare: (insertsInto?: { MYSQL_URL: string, TABLE: string }): Promise<WebServer> => keep(startBare({ directory: ownPlace('bare'), env: insertsInto, wrap })),

    webdis: (redis: Redis): Promise<WebServer> => keep(startWebdis({ directory: ownPlace('webdis'), redis, wrap })),

    nginx: (what: { proxied: readonly WebServer[] } | { php: Server, root: string }): Promise<WebServer> => keep(startNginx({
      directory: ownPlace('nginx'), ...('proxied' in what ? proxyTo(what.proxied) : scriptsOf(what.php, what.root)), wrap,
    })),

    phpFpm: (options: { workers: number, env: Record<string, string | number> }) => keep(startPhpFpm({ directory: ownPlace('php-fpm'), extensions: PHP_EXTENSIONS, ...options, wrap })),

    /** Rejects when a service gave an answer that is not what is measured. */
    check: () => Promise.all(services.map(checkAnswers)),

    /** One service before the others, when its answers were looked at. */
    async end (service: Service) {
      await checkAnswers(service)
      services.splice(services.indexOf(service), 1)
      servers.splice(servers.findIndex(({ pid }) => pid === service.pid), 1)
      await endCleanly(service)
    },

    /** All of it, the newest first, and what it has written. Rejects with the first of those ends that were not clean. */
    async stop () {
      const errors: unknown[] = []
      for (const server of servers.toReversed()) await endCleanly(server).catch((error: unknown) => { errors.push(error) })
      rmSync(directory, { recursive: true, force: true })
      if (errors.length > 0) throw errors[0]
    },
  }
}

async function endCleanly (server: Server & { endsBy?: NodeJS.Signals }): Promise<void> {
  const { code, signal } = await server.stop()
  if (code !== 0 && (signal === null || signal !== server.endsBy)) throw new Failure(`Unclean end of ${server.name}: ${signal ?? `status ${code}`}${server.logTail()}`)
}
