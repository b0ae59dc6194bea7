/**
 * What one measure runs on: servers of its own, started when they are asked for and stopped with it.
 * Those that are under test are started on the core that they have to themselves.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { PHP_EXTENSIONS } from '../../scripts/lib/bench-programs.mjs'
import { Failure } from '../../scripts/lib/main.mjs'
import { freePort, LOOPBACK } from '../../scripts/lib/loopback.mjs'
import { startMariadb } from '../../scripts/lib/mariadb.mjs'
import { startNginx } from '../../scripts/lib/nginx.mjs'
import { startPhpFpm } from '../../scripts/lib/php-fpm.mjs'
import { startRedis } from '../../scripts/lib/redis.mjs'
import { startCluster } from '../../scripts/lib/redis-cluster.mjs'
import { ownDirectory } from '../../scripts/lib/server.mjs'
import { startService } from '../../scripts/lib/service.mjs'
import { proxyTo, scriptsOf } from '../servers/nginx.mjs'
import { startNode } from '../servers/node.mjs'
import { startWebdis } from '../servers/webdis.mjs'
import { checkAnswers } from './answers.mjs'
import { loadConfig } from '../../src/config.ts'
import { createApiKey } from '../../src/auth/api-keys.ts'

/** @typedef {Awaited<ReturnType<typeof startRedis>>} Redis */
/** @typedef {import('../../scripts/lib/server.mjs').Server & { url: string }} RedisNode where an operator may look at it */
/** @typedef {Awaited<ReturnType<typeof startMariadb>>} Mariadb */
/** @typedef {import('../../scripts/lib/server.mjs').Server & { url: string, endsBy?: NodeJS.Signals }} WebServer endsBy: it has no handler for that signal */
/** @typedef {{ key: string, entry: string }} ApiKey */
/** @typedef {WebServer & { key: string, apiKey: ApiKey }} Service */
/** @typedef {ReturnType<typeof createStage>} Stage */

/** Rewriting the append-only file would take the core of the load for seconds, in whoever's slice that is. */
const NO_REWRITE = { 'auto-aof-rewrite-percentage': 0 }

/** As a site would run it: each request bears a key and is counted, and the limit is never reached. */
export const PRODUCTION = { RATE_LIMIT_MAX: '1000000000', LOG_LEVEL: 'info', FALLBACK: 'mysql', SYNC_STRATEGY: 'hybrid' }

/** Where nothing but the flush that is asked for may reach MySQL: the timer does not come before the end. */
export const FLUSHED_WHEN_ASKED = { FLUSH_INTERVAL_MS: String(86_400_000) }

/** All that is measured has room in it, as on a machine that is MySQL's own. */
export const MARIADB = { bufferPoolBytes: 2 ** 30 }

/**
 * @param {string} directory
 * @param {import('./cores.mjs').Cores} cores
 */
export function createStage (directory, cores) {
  /** @type {(import('../../scripts/lib/server.mjs').Server & { endsBy?: NodeJS.Signals })[]} */
  const servers = []
  /** @type {Service[]} */
  const services = []
  let next = 0
  const ownPlace = (/** @type {string} */ name) => ownDirectory(join(directory, `${next++}-${name}`))

  /**
   * @template {import('../../scripts/lib/server.mjs').Server} Server
   * @param {Promise<Server>} starting
   */
  async function keep (starting) {
    const server = await starting
    servers.push(server)
    return server
  }

  /**
   * @param {{ redis: Redis, mariadb: Mariadb, variables?: Record<string, string>, key?: ApiKey }} options
   * @returns {Promise<Service>}
   */
  async function service ({ redis, mariadb, variables, key }) {
    const apiKey = key ?? await newKey()
    const server = await keep(startService({
      directory: ownPlace('service'),
      port: await freePort(),
      redisUrl: redis.url,
      mysqlUrl: mariadb.url,
      variables: { ...PRODUCTION, API_KEYS: apiKey.entry, ...variables },
      wrap: cores.underTest,
    }))
    const started = Object.assign(server, { key: apiKey.key, apiKey })
    services.push(started)
    return started
  }

  return {
    cores,
    ownPlace,
    keep,

    redis: () => keep(startRedis({ directory: ownPlace('redis'), config: NO_REWRITE })),

    /**
     * A Redis Cluster without replicas.
     * @param {number} masters
     */
    async cluster (masters) {
      const { nodes, passwords, variables } = await startCluster({ directory: ownPlace('cluster'), masters, replicas: 0, options: NO_REWRITE })
      servers.push(...nodes)
      return { variables, nodes: nodes.map((node) => Object.assign(node, { url: `redis://admin:${passwords.admin}@${LOOPBACK}:${node.port}` })) }
    },

    mariadb: () => keep(startMariadb({ directory: ownPlace('mariadb'), bufferPoolBytes: MARIADB.bufferPoolBytes })),

    service,

    /**
     * Two instances with the same key, so that a request may go to either.
     * @param {{ redis: Redis, mariadb: Mariadb }} stores
     * @returns {Promise<[Service, Service]>}
     */
    async services (stores) {
      const first = await service(stores)
      return [first, await service({ ...stores, key: first.apiKey })]
    },

    /**
     * The same routes without a store, or with an INSERT for each ticket.
     * @param {{ MYSQL_URL: string, TABLE: string }} [table]
     * @returns {Promise<WebServer>}
     */
    async bare (table) {
      const { TICKET_STATUSES } = loadConfig({})
      return await keep(startNode({ name: 'a plain Fastify', directory: ownPlace('bare'), program: 'bare.mjs', args: TICKET_STATUSES, env: table, wrap: cores.underTest }))
    },

    /**
     * @param {Redis} redis
     * @returns {Promise<WebServer>}
     */
    webdis: (redis) => keep(startWebdis({ directory: ownPlace('webdis'), redis, wrap: cores.underTest })),

    /**
     * @param {{ proxied: readonly WebServer[] } | { php: import('../../scripts/lib/server.mjs').Server, root: string }} what
     * @returns {Promise<WebServer>}
     */
    nginx: (what) => keep(startNginx({
      directory: ownPlace('nginx'),
      ...('proxied' in what ? proxyTo(what.proxied) : scriptsOf(what.php, what.root)),
      wrap: cores.underTest,
    })),

    /** @param {{ workers: number, env: Record<string, string | number> }} options */
    phpFpm: (options) => keep(startPhpFpm({ directory: ownPlace('php-fpm'), extensions: PHP_EXTENSIONS, ...options, wrap: cores.underTest })),

    /** Rejects when a service gave an answer that is not what is measured. */
    check: () => Promise.all(services.map(checkAnswers)),

    /** All of it, the newest first, and what it has written. Rejects with the first of those ends that were not clean. */
    async stop () {
      const errors = []
      for (const server of servers.toReversed()) {
        try {
          const { code, signal } = await server.stop()
          if (code !== 0 && (signal === null || signal !== server.endsBy)) throw new Failure(`Unclean end of ${server.name}: ${signal ?? `status ${code}`}${server.logTail()}`)
        } catch (error) {
          errors.push(error)
        }
      }
      rmSync(directory, { recursive: true, force: true })
      if (errors.length > 0) throw errors[0]
    },
  }
}

/** @returns {Promise<ApiKey>} that opens every route */
async function newKey () {
  return createApiKey('bench', 'read+write+ops')
}
